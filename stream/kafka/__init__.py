"""How every part reaches the cluster: addresses, TLS and passwords, rights, clients, and reading without a group."""
