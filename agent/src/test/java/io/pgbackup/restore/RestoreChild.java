package io.pgbackup.restore;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.PostgresRelease;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;

/// A restore in a process of its own that says `HERE` in the middle of a step and waits there to be
/// killed.
final class RestoreChild {
  private RestoreChild() {}

  /// @param arguments store, release, UID, instant, data directory, step
  public static void main(String[] arguments) {
    RestoreStep fatal = RestoreStep.valueOf(arguments[5]);
    FileObjectStore store = FileObjectStore.open(Path.of(arguments[0]));
    new RestoreBench(store, new PostgresRelease(arguments[1]))
        .runner()
        .run(
            ProtectedServer.plan(
                store,
                new LineageUid(arguments[2]),
                new RecoveryTarget.AtTime(Instant.parse(arguments[3]))),
            new RestoreDestination.InPlace(Path.of(arguments[4]), true),
            new Victim(fatal));
    System.out.println("FINISHED");
    System.exit(0);
  }

  /// @param fatal where to stop; fetching and recovering are stopped half way
  record Victim(RestoreStep fatal) implements RestoreListener {
    @Override
    public void begun(RestoreStep step) {
      if (step == fatal && step != RestoreStep.FETCH && step != RestoreStep.RECOVER) {
        waitForTheEnd();
      }
    }

    @Override
    public void progress(RestoreStep step, long done, OptionalLong total) {
      if (step == fatal && (step == RestoreStep.RECOVER || done > 1 << 20)) {
        waitForTheEnd();
      }
    }

    private static void waitForTheEnd() {
      System.out.println("HERE");
      while (true) {
        try {
          Thread.sleep(Long.MAX_VALUE);
        } catch (InterruptedException _) {
          // only a kill ends this
        }
      }
    }
  }
}
