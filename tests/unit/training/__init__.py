"""Tests of the reader, the protocol and the audit."""
