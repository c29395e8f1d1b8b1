-- A new id, by the database's clock.
SELECT weir.uuid_v7() AS id
