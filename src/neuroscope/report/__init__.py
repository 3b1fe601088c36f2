"""What people see: sections of tables and charts, as queries on rows."""
