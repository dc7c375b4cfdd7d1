package io.pgbackup.engine;

import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.CorruptPages;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.List;

/// A base backup whose sentinel stands, as the one who took it saw it.
///
/// @param startTime,finishTime by the server's clock
/// @param files regular files
/// @param uncompressedSize bytes of their content
/// @param compressedSize bytes that were stored for it
/// @param corruptFiles files with pages whose checksum did not hold; they are in the backup as they
///   are on disk
public record TakenBackup(
    BackupName name,
    Lsn startLsn,
    Lsn finishLsn,
    Instant startTime,
    Instant finishTime,
    long files,
    long uncompressedSize,
    long compressedSize,
    List<CorruptFile> corruptFiles) {
  /// @param path below the data directory
  /// @param pages counted from the start of this file, ascending
  public record CorruptFile(String path, List<Long> pages) {
    public CorruptFile {
      pages = List.copyOf(pages);
    }

    /// @throws PgBackupException `VerificationFailed` that names them, where a backup that holds
    ///   such pages has to fail
    public static void judge(List<CorruptFile> files, PagePolicy policy) {
      if (policy == PagePolicy.FAIL && !files.isEmpty()) {
        throw Problem.verificationFailed(
                "page checksums of the server do not hold, and backup.corruptPages is fail: "
                    + pages(files).words(),
                "The server's own files are damaged: look at its disk and its log, and at what"
                    + " older base backups hold (pgbackup drill). To take one with the pages as"
                    + " they are, set backup.corruptPages: record.")
            .asException();
      }
    }

    /// All of these files together.
    public static CorruptPages pages(List<CorruptFile> files) {
      return new CorruptPages(
          files.stream().mapToLong(file -> file.pages().size()).sum(),
          files.stream()
              .flatMap(file -> file.pages().stream().map(page -> file.path() + " page " + page))
              .limit(CorruptPages.NAMED_AT_MOST)
              .toList());
    }
  }

  public TakenBackup {
    corruptFiles = List.copyOf(corruptFiles);
  }
}
