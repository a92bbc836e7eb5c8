"""Files of data or statistics held against a schema, and the reports of that for people and for CI."""
