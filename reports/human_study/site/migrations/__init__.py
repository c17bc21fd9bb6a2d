"""Database migrations. Never change a released one."""
