package io.pgbackup.drill;

import io.pgbackup.postgres.jdbc.SqlSession;
import io.pgbackup.restore.PrivateServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Looks at every btree index of every database with amcheck's `bt_index_check`, where that
/// extension is installed.
record IndexCheck(PrivateServer server) {
  private static final String NAME = "indexes";
  private static final Duration PATIENCE = Duration.ofHours(12);
  private static final int NAMED_AT_MOST = 5;
  private static final String SCHEMA = "pgbackup_drill";

  private static final String DATABASES =
      "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit <> -2"
          + " ORDER BY datname";

  private static final String AVAILABLE =
      "SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'";

  private static final String SCHEMA_OF_AMCHECK =
      "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e"
          + " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'";

  /// Those of other sessions' temporary tables cannot be read.
  private static final String INDEXES =
      """
      SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_am a ON a.oid = c.relam
      WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence <> 't'
        AND i.indisready AND i.indisvalid
      ORDER BY 2""";

  DrillCheck check() {
    List<String> databases;
    try (SqlSession session = SqlSession.connect(server.config("template1"))) {
      if (session.value(AVAILABLE).equals("0")) {
        return DrillCheck.skipped(
            NAME,
            "amcheck is not installed here",
            "Install PostgreSQL's contrib package on this host.");
      }
      databases = session.rows(DATABASES).stream().map(List::getFirst).toList();
    }
    int indexes = 0;
    List<String> damaged = new ArrayList<>();
    for (String database : databases) {
      indexes += check(database, damaged);
    }
    if (damaged.isEmpty()) {
      return DrillCheck.passed(
          NAME,
          "%d btree indexes in %d databases are in order".formatted(indexes, databases.size()));
    }
    int named = Math.min(NAMED_AT_MOST, damaged.size());
    return DrillCheck.failed(
        NAME,
        "%d of %d btree indexes are damaged: %s%s"
            .formatted(
                damaged.size(),
                indexes,
                String.join("; ", damaged.subList(0, named)),
                damaged.size() > named ? " and others" : ""),
        "Look at the same indexes on the server with bt_index_check; REINDEX those that are damaged"
            + " there, and if they are sound, compare its collation versions with this host's.");
  }

  private int check(String database, List<String> damaged) {
    try (SqlSession session = SqlSession.connect(server.config(database))) {
      session.allow(PATIENCE);
      session.execute("SET search_path = pg_catalog; SET statement_timeout = 0");
      session.execute("SET default_transaction_read_only = off");
      session.execute("CREATE SCHEMA IF NOT EXISTS " + SCHEMA);
      session.execute("CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA " + SCHEMA);
      String schema = session.value(SCHEMA_OF_AMCHECK);
      List<List<String>> indexes = session.rows(INDEXES);
      for (List<String> index : indexes) {
        SqlSession.Answer answer =
            session.prove(
                "DO $$ BEGIN PERFORM %s.bt_index_check(%s::regclass); END $$"
                    .formatted(schema, index.getFirst()));
        if (!answer.holds()) {
          damaged.add("%s in %s (%s)".formatted(index.get(1), database, answer.found()));
        }
      }
      return indexes.size();
    }
  }
}
