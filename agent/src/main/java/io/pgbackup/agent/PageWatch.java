package io.pgbackup.agent;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.CorruptPages;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.function.Supplier;

/// Says it as long as the newest base backup holds pages whose checksum did not hold: they are
/// corrupt in the server too, unless somebody mended them since.
///
/// Thread-safe.
final class PageWatch {
  private final Supplier<Optional<TakenBackup>> lastTaken;
  private final Problems problems;

  /// @param lastTaken by this agent
  PageWatch(Supplier<Optional<TakenBackup>> lastTaken, Problems problems) {
    this.lastTaken = lastTaken;
    this.problems = problems;
  }

  /// What its sentinel says; or, of a backup that wal-g took, whose sentinels do not, what was seen
  /// when this agent let it take one.
  Optional<CorruptPages> of(BaseBackup backup) {
    return backup
        .corruptPages()
        .or(
            () ->
                lastTaken
                    .get()
                    .filter(taken -> taken.name().equals(backup.name()))
                    .map(TakenBackup::corruptFiles)
                    .filter(files -> !files.isEmpty())
                    .map(CorruptFile::pages));
  }

  void look(Optional<BaseBackup> newest) {
    newest
        .flatMap(this::of)
        .filter(pages -> pages.count() > 0)
        .ifPresentOrElse(
            pages -> report(newest.get(), pages), () -> problems.clear(Problems.About.PAGES));
  }

  private void report(BaseBackup newest, CorruptPages pages) {
    problems.report(
        Problems.About.PAGES,
        Problem.verificationFailed(
            "base backup %s holds %s".formatted(newest.name(), pages.words()),
            "They are in it as they are in the server: look at its disk and its log, and find out"
                + " whether an older base backup has them whole (pgbackup backups, pgbackup clone)."
                + " The next base backup without corrupt pages ends this."));
  }
}
