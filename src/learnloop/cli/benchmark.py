"""How do models do beside each other, and beside those of others? One command for each family."""

import typer

from learnloop.cli import benchmark_kt, benchmark_memory

app = typer.Typer(no_args_is_help=True, help="Set models beside each other, on real data.")
app.command("memory")(benchmark_memory.memory)
app.command("kt")(benchmark_kt.kt)
