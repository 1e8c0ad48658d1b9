-- Publishers choose their event ids, and two tenants may choose the same.
ALTER TABLE withdrawals DROP CONSTRAINT withdrawals_pkey, ADD PRIMARY KEY (tenant, event_id);
