package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a delta stands on, with all that is known of its files: about 300 bytes of memory for each.
///
/// @param finishLsn of the parent: the delta begins behind it
/// @param ancestors the full backup first, the parent last
/// @param sameServer whether the same server wrote both, as timeline and host tell: a standby's
///   files differ from its primary's in what WAL does not carry
/// @param steady whether that server has run without a break since before the parent began
/// @param began when the parent began, by the server's clock
/// @param files by the name of the tar member
record DeltaBase(
    DeltaOrigin origin,
    Lsn finishLsn,
    List<BackupName> ancestors,
    boolean sameServer,
    boolean steady,
    Instant began,
    Map<String, ParentFile> files) {
  /// Greater than any file system's resolution of time, and than what clocks are set by as a rule.
  private static final Duration MARGIN = Duration.ofMinutes(1);

  /// What the parent has of a file; nothing also where the file may have been made anew since.
  Optional<ParentFile> parent(SourceFile file) {
    return Optional.ofNullable(files.get(PartWriter.member(file.path())))
        .filter(_ -> !isMadeSince(file));
  }

  /// Whether a file may have been made after the parent, under a name that was free again: `CREATE
  /// DATABASE` can copy files with their old positions.
  private boolean isMadeSince(SourceFile file) {
    return file.facts().created().isAfter(began);
  }

  /// Whether a file need not be read, because it has not been written since the parent read it.
  ///
  /// That it has the same time of modification is not enough. A write in the same tick of the clock
  /// as the parent's reading leaves the time as it was: so the time must be well before the parent.
  /// Programs set it back, as `rsync -t` does: so the time of change, which none can set, must be
  /// too. A crash of the machine may keep a write and lose its time: so the server must have run
  /// since before the parent began.
  boolean isUntouched(SourceFile file, ParentFile parent) {
    FileFacts facts = file.facts();
    Instant early = began.minus(MARGIN);
    return steady
        && parent.modified().filter(facts.modified()::equals).isPresent()
        && facts.modified().isBefore(early)
        && facts.changed().isBefore(early)
        && parent.manifest().map(known -> known.size() == facts.size()).orElse(true);
  }
}
