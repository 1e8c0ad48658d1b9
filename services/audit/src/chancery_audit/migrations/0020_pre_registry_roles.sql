-- A key may have roles in the registry, beside its role in the trail or without one.
ALTER TABLE access_keys ALTER COLUMN role DROP NOT NULL, ADD COLUMN registry_roles text[] NOT NULL DEFAULT '{}';
