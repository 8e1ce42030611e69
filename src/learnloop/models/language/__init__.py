"""What does a text mean? Texts as vectors.

Start with `embed_hashing` (the default: no weights, no downloads), then `embed_onnx` (a transformer
on ONNX Runtime, the extra `embed`), `embed_folder` (what is kept of it, and how it is checked),
`embed_export` and `embed_graph` (where that folder comes from). `embed_cache` remembers vectors.
All are an `Embedder` of `core/protocols.py`. See docs/models/embedding.md.
"""
