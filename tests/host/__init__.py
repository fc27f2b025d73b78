"""The workbench on the machine the operator has: its proxies, certificates, slow lines, terminals and keyrings."""
