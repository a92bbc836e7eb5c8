"""OTLP over HTTP and gRPC: requests in protobuf or JSON become batches of signals.

`http` and `grpc` are the doors, `delivery` is what they share, `decode_*` turn bytes into
batches, `schema` says how protobuf is read, `values` reads attributes.
"""
