"""The contract suite: what elections rely on in the API, shown of the development server and of a real kube-apiserver.

    pytest tests/contract                        against the development server
    pytest tests/contract --server=apiserver     against a real kube-apiserver with etcd

A test takes the fixture `api` and knows nothing of which server answers. Tests marked `apiserver` show what only a real
server has (RBAC, managedFields), tests marked `devserver` what only the development server has (its command, its token,
and that the suite catches broken variants of it): they are not collected on the other one.
"""
