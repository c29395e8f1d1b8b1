-- Only the superuser has anything to do there.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC
