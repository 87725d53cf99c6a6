-- A database with everything odd that a catalogue can hold; test_catalogue.py reads it.
CREATE SCHEMA "odd schema";
CREATE SEQUENCE "odd schema"."s q" START 5 INCREMENT 2;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
CREATE TABLE b_child (id BIGINT PRIMARY KEY);
CREATE TABLE a_parent (
  id BIGINT PRIMARY KEY, child BIGINT REFERENCES b_child (id), boss BIGINT REFERENCES a_parent (id),
  name VARCHAR COLLATE nocase UNIQUE DEFAULT 'it''s', price DECIMAL(18, 2) CHECK (price >= 0),
  feeling mood, next INTEGER DEFAULT nextval('"odd schema"."s q"'), twice INTEGER AS (next * 2),
  box STRUCT(a INTEGER, "b c" VARCHAR[]), seen TIMESTAMP_NS, happened TIMESTAMP WITH TIME ZONE,
  many HUGEINT, key UUID, CHECK (next > 0 OR
  price > 1));
CREATE TABLE "odd schema"."We""ird ""table""" (
  "order" INTEGER, "select" TEXT NOT NULL, "a,b" DATE, "naïve; DROP TABLE x" BOOLEAN,
  PRIMARY KEY ("order", "select"));
CREATE TABLE "odd schema".pair (
  "from" INTEGER, "to" TEXT,
  FOREIGN KEY ("from", "to") REFERENCES "odd schema"."We""ird ""table""" ("order", "select"));
CREATE UNIQUE INDEX "i x" ON a_parent (price, seen);
CREATE INDEX by_expression ON a_parent ((price + 1));
CREATE INDEX "in schema" ON "odd schema".pair ("to");
COMMENT ON TABLE a_parent IS 'a "parent"';
COMMENT ON COLUMN "odd schema"."We""ird ""table"""."order" IS 'it''s
  two lines';
CREATE VIEW seen AS SELECT * FROM a_parent;
CREATE TEMP TABLE passing (id INTEGER);
