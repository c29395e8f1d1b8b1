-- The private server's database; its locale is that of initdb.
CREATE DATABASE weir
