package io.pgbackup.restore;

import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalFileName;
import java.nio.file.Path;

/// A timeline's history file, as a data directory holds it and an archive names it.
final class HistoryFile {
  private HistoryFile() {}

  static WalFileName name(Timeline timeline) {
    return new WalFileName.History(timeline.toHex() + ".history");
  }

  static Path in(Path dataDirectory, Timeline timeline) {
    return dataDirectory.resolve("pg_wal").resolve(name(timeline).text());
  }
}
