package io.pgbackup.agent;

import io.pgbackup.backup.BackupObserver;
import io.pgbackup.backup.BackupRun;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.ProblemView;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The base backup runs of this agent: the one under way and the last ones that ended.
///
/// Thread-safe.
final class RunBook {
  private static final int KEPT = 50;

  private final Map<String, BackupRunView> runs =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, BackupRunView> eldest) {
          return size() > KEPT;
        }
      };

  /// What became of the runs since the agent started.
  ///
  /// @param failedInARow since the last one that completed
  record Figures(long completed, long failed, long failedInARow, Optional<Instant> lastFailure) {}

  private Figures figures = new Figures(0, 0, 0, Optional.empty());
  private Optional<TakenBackup> lastTaken = Optional.empty();

  synchronized BackupRunView begin(String id, Instant at) {
    BackupRunView run =
        new BackupRunView(
            id, State.STARTING, Optional.empty(), at, Optional.empty(), 0, 0, Optional.empty());
    runs.put(id, run);
    return run;
  }

  synchronized Optional<BackupRunView> find(String id) {
    return Optional.ofNullable(runs.get(id));
  }

  synchronized Optional<BackupRunView> running() {
    return runs.values().stream().filter(run -> !run.state().ended()).findFirst();
  }

  synchronized Optional<BackupRunView> lastEnded() {
    return runs.values().stream().filter(run -> run.state().ended()).reduce((_, later) -> later);
  }

  /// The newest base backup of this agent.
  synchronized Optional<TakenBackup> lastTaken() {
    return lastTaken;
  }

  synchronized Figures figures() {
    return figures;
  }

  BackupObserver observer(String id) {
    return new BackupObserver() {
      @Override
      public void became(BackupRun run) {
        RunBook.this.became(run);
      }

      @Override
      public void progressed(long files, long bytes) {
        RunBook.this.progressed(id, files, bytes);
      }
    };
  }

  /// Ends a run that its thread left without an end.
  synchronized void abandon(String id, Problem problem, Instant at) {
    if (find(id).filter(run -> !run.state().ended()).isPresent()) {
      became(new BackupRun.Failed(id, problem, at));
    }
  }

  private synchronized void became(BackupRun run) {
    runs.computeIfPresent(run.id(), (_, before) -> next(before, run));
    switch (run) {
      case BackupRun.Failed failed ->
          figures =
              new Figures(
                  figures.completed(),
                  figures.failed() + 1,
                  figures.failedInARow() + 1,
                  Optional.of(failed.since()));
      case BackupRun.Completed completed -> {
        lastTaken = Optional.of(completed.backup());
        figures = new Figures(figures.completed() + 1, figures.failed(), 0, figures.lastFailure());
      }
      case BackupRun.Running _ -> {}
    }
  }

  private static BackupRunView next(BackupRunView before, BackupRun run) {
    return switch (run) {
      case BackupRun.Probing _ -> before;
      case BackupRun.Pushing pushing ->
          copy(before, State.COPYING, Optional.of(pushing.name().value()));
      case BackupRun.Verifying _ -> copy(before, State.AWAITING_WAL, before.backup());
      case BackupRun.Completed completed -> completed(before, completed);
      case BackupRun.Failed failed ->
          new BackupRunView(
              before.id(),
              State.FAILED,
              before.backup(),
              before.startedAt(),
              Optional.of(failed.since()),
              before.files(),
              before.bytes(),
              Optional.of(ProblemView.of(failed.problem())));
    };
  }

  private static BackupRunView completed(BackupRunView before, BackupRun.Completed run) {
    TakenBackup backup = run.backup();
    return new BackupRunView(
        before.id(),
        State.COMPLETED,
        Optional.of(backup.name().value()),
        before.startedAt(),
        Optional.of(run.since()),
        backup.files(),
        backup.uncompressedSize(),
        Optional.empty());
  }

  private static BackupRunView copy(BackupRunView before, State state, Optional<String> backup) {
    return new BackupRunView(
        before.id(),
        state,
        backup,
        before.startedAt(),
        before.endedAt(),
        before.files(),
        before.bytes(),
        before.problem());
  }

  private synchronized void progressed(String id, long files, long bytes) {
    runs.computeIfPresent(
        id,
        (_, run) ->
            new BackupRunView(
                run.id(),
                run.state(),
                run.backup(),
                run.startedAt(),
                run.endedAt(),
                files,
                bytes,
                run.problem()));
  }
}
