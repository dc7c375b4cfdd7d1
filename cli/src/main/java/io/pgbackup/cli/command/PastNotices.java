package io.pgbackup.cli.command;

import io.pgbackup.store.VersionedStore.Keeping;
import io.pgbackup.store.past.Changes;
import io.pgbackup.store.past.PastStore;
import java.util.ArrayList;
import java.util.List;

/// What a person should know about a bucket that was read as it stood earlier.
final class PastNotices {
  private PastNotices() {}

  static List<String> of(PastStore store) {
    List<String> notices = new ArrayList<>();
    if (store.keeping() == Keeping.SUSPENDED) {
      notices.add(
          store.url() + " keeps versions no longer: what was overwritten since it stopped is lost");
    }
    Changes changes = store.changes();
    changes
        .first()
        .ifPresent(
            first ->
                notices.add(
                    "since %s %d of the objects that were read here have been written over and %d"
                            .formatted(store.instant(), changes.overwritten(), changes.deleted())
                        + " deleted, at %s the first of them: %s"
                            .formatted(first.at(), first.key())));
    changes
        .ambiguousExample()
        .ifPresent(
            example ->
                notices.add(
                    "%d objects had been written over by %s already, for example %s; an earlier"
                            .formatted(changes.ambiguous(), store.instant(), example)
                        + " --as-of may show what stood there before"));
    return notices;
  }
}
