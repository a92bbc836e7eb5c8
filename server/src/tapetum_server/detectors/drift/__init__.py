"""How far two samples of one feature lie apart: tests and distances over counts and over sorted values."""
