package io.pgbackup.restore;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.util.stream.Collectors.joining;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The configuration that a recovered data directory goes on with.
record RestoredSettings(RestorePaths paths, ServerUser user) {
  static final String AUTO_CONF = "postgresql.auto.conf";
  private static final String CONF = "postgresql.conf";
  private static final Pattern TARGET = Pattern.compile("\\s*recovery_target\\w*\\s*=?.*");

  private static final Pattern INCLUDE_DIR =
      Pattern.compile("(?mi)^\\s*include_dir\\s*=?\\s*'([^']*)'");

  /// Files at the top of a data directory that are PostgreSQL's own; whatever else lies there the
  /// administrator put there.
  private static final Set<String> POSTGRES_FILES =
      Set.of(
          "PG_VERSION",
          "backup_label",
          "backup_label.old",
          "backup_manifest",
          "current_logfiles",
          "postmaster.opts",
          "postmaster.pid",
          "recovery.done",
          "recovery.signal",
          "standby.signal",
          "tablespace_map",
          "tablespace_map.old");

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
    copyFiles(old, paths.staging());
    Path settings = old.resolve(CONF);
    if (Files.isRegularFile(settings)) {
      for (String folder : includedFolders(Files.readString(settings))) {
        if (Files.isDirectory(old.resolve(folder), NOFOLLOW_LINKS)) {
          Trees.delete(paths.staging().resolve(folder));
          Files.copy(old.resolve(folder), paths.staging().resolve(folder), COPY_ATTRIBUTES);
          copyFiles(old.resolve(folder), paths.staging().resolve(folder));
        }
      }
    }
    Path autoConf = paths.staging().resolve(AUTO_CONF);
    if (Files.isRegularFile(autoConf, NOFOLLOW_LINKS)) {
      OwnedFiles.write(autoConf, withoutTargets(Files.readString(autoConf)), user);
    }
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        boolean file =
            Files.isRegularFile(entry, NOFOLLOW_LINKS)
                || (Files.isSymbolicLink(entry) && !Files.isDirectory(entry));
        if (file && !POSTGRES_FILES.contains(String.valueOf(entry.getFileName()))) {
          Files.copy(
              entry,
              to.resolve(from.relativize(entry)),
              COPY_ATTRIBUTES,
              REPLACE_EXISTING,
              NOFOLLOW_LINKS);
        }
      }
    }
  }

  /// The folders inside the data directory that `include_dir` names.
  static List<String> includedFolders(String settings) {
    return INCLUDE_DIR
        .matcher(settings)
        .results()
        .map(found -> found.group(1))
        .filter(folder -> !folder.isEmpty() && !folder.startsWith("/") && !folder.contains(".."))
        .toList();
  }

  /// The restored files, but nothing is archived.
  void keepRestoredWithoutArchiving(ControlFile control) throws IOException {
    removeTraces();
    String restored = Files.exists(paths.autoConf()) ? Files.readString(paths.autoConf()) : "";
    OwnedFiles.write(
        paths.staging().resolve(AUTO_CONF), withoutTargets(restored) + ARCHIVING_OFF, user);
    makeUpForSettingsKeptElsewhere(control);
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
      OwnedFiles.write(
          staging.resolve(CONF),
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
                  floors.maxLocksPerTransaction()),
          user);
    }
    if (!Files.exists(staging.resolve("pg_hba.conf"), NOFOLLOW_LINKS)) {
      OwnedFiles.write(
          staging.resolve("pg_hba.conf"),
          """
          # Written by pgbackup: the backup held no pg_hba.conf.
          local all all peer
          host all all 127.0.0.1/32 scram-sha-256
          host all all ::1/128 scram-sha-256
          """,
          user);
    }
    if (!Files.exists(staging.resolve("pg_ident.conf"), NOFOLLOW_LINKS)) {
      OwnedFiles.write(staging.resolve("pg_ident.conf"), "", user);
    }
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
