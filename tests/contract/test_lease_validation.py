"""The rules for a Lease's fields, each with the very words of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from contract.api import Api, changed, new_lease

LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)

LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.120000Z", "2026-01-02T03:04:05.120000Z"),
        ("2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T00:04:05.123456+02:00", "2026-01-01T22:04:05.123456Z"),
        ("2026-01-02T03:04:05,123456Z", "2026-01-02T03:04:05.123456Z"),
        ("0999-01-02T03:04:05.123456Z", "0999-01-02T03:04:05.123456Z"),
    ],
)
async def test_a_time_with_six_digits_is_taken(api: Api, given: str, answered: str) -> None:
    answer = await api.post("payouts", renewTime=given, acquireTime=given)
    assert answer.status == 201
    assert answer.body["spec"] == {"renewTime": answered, "acquireTime": answered}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("2026-01-02T03:04:05Z", f' as "{LAYOUT}": cannot parse "Z" as ".000000"'),
        ("2026-01-02T03:04:05.123Z", f' as "{LAYOUT}": cannot parse ".123Z" as ".000000"'),
        ("2026-01-02T03:04:05.1234567Z", f' as "{LAYOUT}": cannot parse "7Z" as "Z07:00"'),
        ("2026-01-02T03:04:05.123456", f' as "{LAYOUT}": cannot parse "" as "Z07:00"'),
        ("2026-01-02T03:04:05.123456z", f' as "{LAYOUT}": cannot parse "z" as "Z07:00"'),
        ("2026-01-02 03:04:05.123456Z", f' as "{LAYOUT}": cannot parse " 03:04:05.123456Z" as "T"'),
        ("26-01-02", f' as "{LAYOUT}": cannot parse "26-01-02" as "2006"'),
        ("", f' as "{LAYOUT}": cannot parse "" as "2006"'),
        ("2026-13-02T03:04:05.123456Z", ": month out of range"),
        ("2026-02-30T03:04:05.123456Z", ": day out of range"),
        ("2026-01-02T24:04:05.123456Z", ": hour out of range"),
        ("2026-01-02T03:60:05.123456Z", ": minute out of range"),
        ("2026-01-02T03:04:60.123456Z", ": second out of range"),
        ("2026-01-02T03:04:05.123456+99:00", ": time zone offset hour out of range"),
        ("2026-01-02T03:04:05.123456Zx", ': extra text: "x"'),
    ],
)
async def test_any_other_time_is_refused(api: Api, given: str, fault: str) -> None:
    answer = await api.post("payouts", renewTime=given)
    assert answer.status == 400
    assert answer.message == f'Lease in version "v1" cannot be handled as a Lease: parsing time "{given}"{fault}'
    assert answer.body["reason"] == "BadRequest"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("leaseDurationSeconds", 1),
        ("leaseDurationSeconds", 2**31 - 1),
        ("leaseTransitions", 0),
        ("leaseTransitions", 2**31 - 1),
        ("holderIdentity", ""),
        ("holderIdentity", "é \t\u2028" + "x" * 3000),
    ],
)
async def test_values_at_the_edge_are_taken(api: Api, field: str, value: Any) -> None:
    answer = await api.post("payouts", **{field: value})
    assert answer.status == 201
    assert answer.body["spec"] == {field: value}


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("leaseDurationSeconds", 0, "must be greater than 0"),
        ("leaseDurationSeconds", -1, "must be greater than 0"),
        ("leaseTransitions", -1, "must be greater than or equal to 0"),
    ],
)
async def test_values_out_of_range_are_invalid(api: Api, field: str, value: int, rule: str) -> None:
    answer = await api.post("payouts", **{field: value})
    assert answer.status == 422
    message = f"Invalid value: {value}: {rule}"
    assert answer.message == f'Lease.coordination.k8s.io "payouts" is invalid: spec.{field}: {message}'
    assert answer.body["details"] == {
        "name": "payouts",
        "group": "coordination.k8s.io",
        "kind": "Lease",
        "causes": [{"reason": "FieldValueInvalid", "message": message, "field": f"spec.{field}"}],
    }
    assert answer.body["reason"] == "Invalid"


async def test_all_that_is_invalid_is_told_at_once(api: Api) -> None:
    answer = await api.post("payouts", leaseDurationSeconds=0, leaseTransitions=-1)
    assert answer.message == (
        'Lease.coordination.k8s.io "payouts" is invalid: [spec.leaseDurationSeconds: Invalid value: 0: must be greater '
        "than 0, spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0]"
    )


async def test_a_stale_version_is_told_before_an_invalid_value(api: Api) -> None:
    lease = await api.created()
    await api.written(lease, holderIdentity="a")
    assert (await api.put({**lease, "spec": {"leaseDurationSeconds": 0}})).status == 409


async def test_an_invalid_lease_is_not_created_by_put_either(api: Api) -> None:
    assert (await api.put(new_lease("payouts", leaseDurationSeconds=0))).status == 422
    assert (await api.get("payouts")).status == 404


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"leaseDurationSeconds": 2**31}, "number 2147483648 into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"leaseDurationSeconds": 1.5}, "number 1.5 into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"leaseDurationSeconds": 15.0}, "number 15.0 into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"leaseDurationSeconds": "15"}, "string into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"leaseDurationSeconds": True}, "bool into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"leaseTransitions": 2**31}, "number 2147483648 into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"leaseTransitions": [1]}, "array into Go struct field LeaseSpec.spec.{} of type int32"),
        ({"holderIdentity": 5}, "number into Go struct field LeaseSpec.spec.{} of type string"),
        ({"holderIdentity": {}}, "object into Go struct field LeaseSpec.spec.{} of type string"),
        ({"renewTime": 5}, "number into Go struct field LeaseSpec.spec.{} of type string"),
    ],
)
async def test_wrong_types_are_refused(api: Api, spec: dict[str, Any], fault: str) -> None:
    answer = await api.post("payouts", **spec)
    assert answer.status == 400
    told = f"json: cannot unmarshal {fault.format(next(iter(spec)))}"
    assert answer.message == f'Lease in version "v1" cannot be handled as a Lease: {told}'


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ({"spec": []}, "array into Go struct field Lease.spec of type v1.LeaseSpec"),
        ({"metadata": 5}, "number into Go struct field Lease.metadata of type v1.ObjectMeta"),
        ({"metadata": {"name": 5}}, "number into Go struct field ObjectMeta.metadata.name of type string"),
        (
            {"metadata": {"name": "a", "labels": []}},
            "array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            {"metadata": {"name": "a", "annotations": {"a": 1}}},
            "number into Go struct field ObjectMeta.metadata.annotations of type string",
        ),
        (
            {"metadata": {"name": "a", "ownerReferences": [5]}},
            "number into Go struct field ObjectMeta.metadata.ownerReferences of type v1.OwnerReference",
        ),
    ],
)
async def test_wrong_types_elsewhere_are_refused(api: Api, part: dict[str, Any], fault: str) -> None:
    answer = await api.request("POST", api.path(), {**new_lease("payouts"), **part})
    assert answer.status == 400
    assert answer.message == f'Lease in version "v1" cannot be handled as a Lease: json: cannot unmarshal {fault}'


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Bad_Name", SUBDOMAIN),
        ("-a", SUBDOMAIN),
        ("x" * 254, "must be no more than 253 characters"),
    ],
)
async def test_names_must_be_subdomains(api: Api, name: str, fault: str) -> None:
    answer = await api.post(name)
    assert answer.status == 422
    start = f'Lease.coordination.k8s.io "{name}" is invalid: metadata.name: Invalid value: "{name}": '
    assert answer.message == start + fault


async def test_a_prefix_for_a_name_must_be_one_of_a_subdomain(api: Api) -> None:
    answer = await api.request("POST", api.path(), {"metadata": {"generateName": "UP-"}})
    assert answer.status == 422
    causes = answer.body["details"]["causes"]
    assert [cause["field"] for cause in causes] == ["metadata.generateName", "metadata.name"]
    assert causes[0]["message"] == f'Invalid value: "UP-": {SUBDOMAIN}'


async def test_a_name_is_required(api: Api) -> None:
    answer = await api.request("POST", api.path(), {"metadata": {}})
    assert answer.status == 422
    rule = "Required value: name or generateName is required"
    assert answer.message == f'Lease.coordination.k8s.io "" is invalid: metadata.name: {rule}'
    cause = {"reason": "FieldValueRequired", "message": rule, "field": "metadata.name"}
    assert answer.body["details"] == {"group": "coordination.k8s.io", "kind": "Lease", "causes": [cause]}


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        ({"annotations": {"a b": "v"}}, f'metadata.annotations: Invalid value: "a b": {NAME_PART}'),
        (
            {"annotations": {"a.b/": "v"}},
            'metadata.annotations: Invalid value: "a.b/": name part must be non-empty, '
            f'metadata.annotations: Invalid value: "a.b/": {NAME_PART}]',
        ),
        (
            {"annotations": {"a/b/c": "v"}},
            'metadata.annotations: Invalid value: "a/b/c": '
            + NAME_PART.replace("name part", "a valid label key", 1)
            + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        ),
        (
            {"annotations": {"x" * 64: "v"}},
            f'metadata.annotations: Invalid value: "{"x" * 64}": name part must be no more than 63 bytes',
        ),
        ({"labels": {"x": "a b"}}, f'metadata.labels: Invalid value: "a b": {LABEL_VALUE}'),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "a"}]},
            "metadata.ownerReferences[0].uid: Required value: must not be empty",
        ),
        ({"annotations": {"/x": "v"}}, 'metadata.annotations: Invalid value: "/x": prefix part must be non-empty'),
        ({"annotations": {"a..b/c": "v"}}, f'metadata.annotations: Invalid value: "a..b/c": prefix part {SUBDOMAIN}'),
        (
            {"annotations": {"k": "x" * 270_000}},
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        ({"labels": {"UPPER/x": "v"}}, f'metadata.labels: Invalid value: "UPPER/x": prefix part {SUBDOMAIN}'),
        (
            {"labels": {"x": "y" * 64}},
            f'metadata.labels: Invalid value: "{"y" * 64}": must be no more than 63 bytes',
        ),
    ],
)
async def test_labels_and_annotations_have_rules(api: Api, metadata: dict[str, Any], fault: str) -> None:
    answer = await api.put(changed(await api.created(), **metadata))
    assert answer.status == 422
    opening = "[" if fault.endswith("]") else ""
    assert answer.message.endswith(f" is invalid: {opening}{fault}")


async def test_a_null_annotation_is_an_empty_one_and_capitals_are_taken(api: Api) -> None:
    answer = await api.put(changed(await api.created(), annotations={"UPPER/x": None}))
    assert answer.status == 200
    assert answer.body["metadata"]["annotations"] == {"UPPER/x": ""}
