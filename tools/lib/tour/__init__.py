"""The tour that tools/run plays: statements in one open psql session, what was decided on each, and why."""
