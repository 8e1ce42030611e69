"""How does every neural model learn? By one loop, given a network, a task and arrays.

Start with `loop.py` (`ModelTrainer`), then `tasks.py` (loss and metrics by task), `checkpoint.py`
(go on after a kill) and `export.py` (to ONNX, checked). A family's own `train.py` builds its
network and its arrays and calls the loop. `config`, `weights`, `batches`, `balance`, `schedule`,
`checkpoint` and `curves` work without torch; nothing is imported here, so that they stay so.
"""
