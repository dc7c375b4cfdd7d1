package io.pgbackup.restore;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.PostgresRelease;
import java.nio.file.Path;
import java.util.Optional;

/// A promotion in a process of its own that says `HERE` in the middle of a step and waits there to
/// be killed.
final class PromotionChild {
  private PromotionChild() {}

  /// @param arguments store, release, UID, data directory, the cluster's name from then on, step
  public static void main(String[] arguments) {
    FileObjectStore store = FileObjectStore.open(Path.of(arguments[0]));
    new RestoreBench(store, new PostgresRelease(arguments[1]))
        .runner()
        .promote(
            ProtectedServer.plan(store, new LineageUid(arguments[2]), new RecoveryTarget.Latest()),
            new RestoreDestination.NewDirectory(
                Path.of(arguments[3]), Optional.of(new ClusterId("default", arguments[4]))),
            Passwords.NONE,
            new RestoreChild.Victim(RestoreStep.valueOf(arguments[5])));
    System.out.println("FINISHED");
    System.exit(0);
  }
}
