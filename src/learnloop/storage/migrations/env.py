"""How does Alembic reach the database? Over the connection that `sql.migrate` hands it.

Run with `learnloop.storage.migrate(url)`; a maintainer writes a new revision with Alembic's
`revision.autogenerate` over the same configuration.
"""

from alembic import context

from learnloop.storage.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by building it anew
)
context.run_migrations()
