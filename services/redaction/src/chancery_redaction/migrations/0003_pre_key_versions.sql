-- Whether a wrapped key is to be wrapped anew: not under the current version (`mark` is what that begins with), and not dead already, under
-- a version that was destroyed. 60 bytes: wrapped before there were versions.
CREATE FUNCTION wrapped_by_old(wrapped bytea, mark bytea, floor bytea, before_is_dead boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN octet_length(wrapped) = 60 THEN NOT before_is_dead
        ELSE substring(wrapped FOR 5) <> mark
            AND NOT (substring(wrapped FOR 1) = substring(floor FOR 1) AND substring(wrapped FOR 5) < floor) END
$$;
