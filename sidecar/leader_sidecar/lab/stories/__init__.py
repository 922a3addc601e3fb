"""What the laboratory tells people: each module runs something and returns it as a `Story`."""
