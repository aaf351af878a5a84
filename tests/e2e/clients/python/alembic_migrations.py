"""An application's migrations with Alembic and SQLAlchemy: a project made by `alembic init`, three revisions up and down
again, a revision written by comparing models with the database, and the models used. Prints what it sees."""
import contextlib
import io
import os
import pathlib
import sys
import tempfile

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.orm import Session, declarative_base, relationship

FIRST = """
def upgrade():
    op.create_table("author", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(80), nullable=False),
                    sa.UniqueConstraint("name", name="author_name"))
    op.create_table("book", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("title", sa.Text),
                    sa.Column("author_id", sa.Integer, sa.ForeignKey("author.id", ondelete="CASCADE")),
                    sa.Column("price", sa.Numeric(8, 2), server_default="0"))
    op.create_index("book_title", "book", [sa.text("lower(title)")])

def downgrade():
    op.drop_table("book")
    op.drop_table("author")
"""
SECOND = """
def upgrade():
    op.add_column("author", sa.Column("born", sa.Date))
    op.execute("CREATE TYPE genre AS ENUM ('novel', 'poem')")
    op.add_column("book", sa.Column("genre", sa.Enum("novel", "poem", name="genre", create_type=False)))
    op.bulk_insert(sa.table("author", sa.column("name", sa.String)), [{"name": "Ann"}, {"name": "O'Brien"}])
    op.create_check_constraint("price_not_negative", "book", "price >= 0")

def downgrade():
    op.drop_constraint("price_not_negative", "book")
    op.execute("DELETE FROM author WHERE name IN ('Ann', 'O''Brien')")
    op.drop_column("book", "genre")
    op.execute("DROP TYPE genre")
    op.drop_column("author", "born")
"""
THIRD = """
def upgrade():
    op.alter_column("book", "title", existing_type=sa.Text, type_=sa.String(200), nullable=False, server_default="untitled")
    op.rename_table("author", "writer")
    op.create_table_comment("writer", "people who write; \\"quoted\\"")
    with op.get_context().autocommit_block():
        op.create_index("writer_born", "writer", ["born"], postgresql_concurrently=True)

def downgrade():
    op.drop_index("writer_born", table_name="writer")
    op.rename_table("writer", "author")
    op.alter_column("book", "title", existing_type=sa.String(200), type_=sa.Text, nullable=True, server_default=None)
"""
Base = declarative_base()


class Writer(Base):
    __tablename__ = "writer"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)
    born = sa.Column(sa.Date)
    books = relationship("Book", back_populates="writer", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "book"
    id = sa.Column(sa.BigInteger, primary_key=True)
    title = sa.Column(sa.String(200), nullable=False)
    author_id = sa.Column(sa.Integer, sa.ForeignKey("writer.id"))
    price = sa.Column(sa.Numeric(8, 2))
    writer = relationship("Writer", back_populates="books")


def project(folder, url):
    config = Config(str(folder / "alembic.ini"))
    with contextlib.redirect_stdout(io.StringIO()):
        command.init(config, str(folder / "migrations"))
    config.set_main_option("sqlalchemy.url", url)
    before = None
    for name, body in (("first", FIRST), ("second", SECOND), ("third", THIRD)):
        head = f'from alembic import op\nimport sqlalchemy as sa\nrevision = "{name}"\ndown_revision = {before!r}\n'
        (folder / "migrations" / "versions" / f"{name}.py").write_text(head + body)
        before = name
    return config


def use_models(engine):
    with Session(engine) as session:
        writer = Writer(name="Cid", books=[Book(title="one", price=5), Book(title="two")])
        session.add(writer)
        session.commit()
        found = session.query(Writer).filter(sa.or_(Writer.name == "Cid", Writer.name.like("x%"))).join(Book).all()
        print([(w.name, sorted(b.title for b in w.books)) for w in found])
        session.query(Book).filter(Book.title == "two").update({"price": Book.price + 1})
        session.delete(writer)
        session.commit()
        print(session.query(sa.func.count(Writer.id)).scalar(), session.query(Book).count())


def main():
    url = sa.engine.URL.create("postgresql+psycopg2", os.environ["PGUSER"], None, os.environ["PGHOST"], int(os.environ["PGPORT"]),
                               os.environ["PGDATABASE"])
    engine = sa.create_engine(url)
    with tempfile.TemporaryDirectory() as path:
        config = project(pathlib.Path(path), str(url))
        command.upgrade(config, "head")
        print(sorted(sa.inspect(engine).get_table_names()))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            print(context.get_current_revision(), sorted(str(d[0]) for d in compare_metadata(context, Base.metadata) if isinstance(d, tuple)))
        use_models(engine)
        command.downgrade(config, "first")
        command.upgrade(config, "+1")
        command.downgrade(config, "base")
        print(sorted(sa.inspect(engine).get_table_names()))


sys.exit(main())
