-- What interactions are found by stands behind the same walls as the interactions themselves.
SELECT guard_by_scope('attributes');
SELECT guard_by_scope('costs');
-- Anchors tell of the log as a whole, as checkpoints do.
SELECT guard('anchors', 'true');
