-- What one tenant may reach besides what the operator allows to all (WEIR_EGRESS_ALLOW): host names, addresses, networks.
ALTER TABLE weir.tenant ADD COLUMN egress_allow text NOT NULL DEFAULT '' CHECK (octet_length(egress_allow) <= 4000);
