"""Records into rows, and SQL into Arrow. The only room that talks to ClickHouse.

Two homes for one SQL dialect: an embedded engine in this process (`embedded`), or a ClickHouse
server over HTTP (`clickhouse_http`). Both are an `engine.Engine`.
"""
