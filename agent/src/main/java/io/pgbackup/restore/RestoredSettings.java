package io.pgbackup.restore;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.util.stream.Collectors.joining;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.process.ServerUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// The configuration that a recovered data directory goes on with. It is on disk when a method
/// returns: a loss of power must not leave the server without it once the directories were swapped.
record RestoredSettings(RestorePaths paths, ServerUser user, Durable durable) {
  static final String AUTO_CONF = "postgresql.auto.conf";
  private static final String CONF = "postgresql.conf";
  private static final Pattern TARGET = Pattern.compile("\\s*recovery_target\\w*\\s*=?.*");

  private static final List<String> LEFT_BY_RECOVERY =
      List.of("backup_label.old", "tablespace_map.old", "postmaster.opts");

  private static final String ARCHIVING_OFF =
      """
      # Written by pgbackup: this is a copy, and the archive_command in postgresql.conf is still its
      # source's. To protect the copy, replace that archive_command first, then remove these lines
      # and restart.
      archive_mode = 'off'
      archive_command = 'false'
      """;

  /// Today's files are kept in place: those of the backup are as old as the backup.
  ///
  /// @param old the data directory that is replaced
  void keepThoseOf(Path old) throws IOException {
    removeTraces();
    Files.deleteIfExists(paths.staging().resolve(AUTO_CONF));
    new KeptConfiguration(old, paths.staging(), durable).copy();
    Path autoConf = paths.staging().resolve(AUTO_CONF);
    if (Files.isRegularFile(autoConf, NOFOLLOW_LINKS)) {
      write(AUTO_CONF, withoutTargets(Files.readString(autoConf)));
    }
    durable.force(paths.staging());
  }

  /// The restored files, but nothing is archived.
  void keepRestoredWithoutArchiving(ControlFile control) throws IOException {
    removeTraces();
    String restored = Files.exists(paths.autoConf()) ? Files.readString(paths.autoConf()) : "";
    write(AUTO_CONF, withoutTargets(restored) + ARCHIVING_OFF);
    makeUpForSettingsKeptElsewhere(control);
    durable.force(paths.staging());
  }

  private void removeTraces() throws IOException {
    for (String name : LEFT_BY_RECOVERY) {
      Files.deleteIfExists(paths.staging().resolve(name));
    }
  }

  /// Some packages keep the configuration outside of the data directory, and so of the backup.
  private void makeUpForSettingsKeptElsewhere(ControlFile control) throws IOException {
    Path staging = paths.staging();
    if (!Files.exists(staging.resolve(CONF), NOFOLLOW_LINKS)) {
      ControlFile.Floors floors = control.floors();
      write(
          CONF,
          """
          # Written by pgbackup: the backup held no postgresql.conf. These are the source's limits.
          max_connections = %d
          max_worker_processes = %d
          max_wal_senders = %d
          max_prepared_transactions = %d
          max_locks_per_transaction = %d
          """
              .formatted(
                  floors.maxConnections(),
                  floors.maxWorkerProcesses(),
                  floors.maxWalSenders(),
                  floors.maxPreparedTransactions(),
                  floors.maxLocksPerTransaction()));
    }
    if (!Files.exists(staging.resolve("pg_hba.conf"), NOFOLLOW_LINKS)) {
      write(
          "pg_hba.conf",
          """
          # Written by pgbackup: the backup held no pg_hba.conf.
          local all all peer
          host all all 127.0.0.1/32 scram-sha-256
          host all all ::1/128 scram-sha-256
          """);
    }
    if (!Files.exists(staging.resolve("pg_ident.conf"), NOFOLLOW_LINKS)) {
      write("pg_ident.conf", "");
    }
  }

  private void write(String name, String content) throws IOException {
    Path file = paths.staging().resolve(name);
    OwnedFiles.write(file, content, user);
    durable.force(file);
  }

  /// A target of some earlier recovery would stop the next one too.
  static String withoutTargets(String content) {
    return content
        .lines()
        .filter(line -> !TARGET.matcher(line).matches())
        .map(line -> line + "\n")
        .collect(joining());
  }
}
