package io.pgbackup.credentials.r2;

import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.r2.CloudflareApi.Pause;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.util.List;

/// The lock rules of one bucket of R2, through Cloudflare's API. That knows only the whole list: it
/// is read, changed and written back, and others' rules in it stay as they are.
///
/// All failures are [io.pgbackup.problem.PgBackupException]. Thread-safe; calls block.
public final class R2Locks implements AutoCloseable {
  private static final String LOCK = "lock";

  private final CloudflareApi api;

  public R2Locks(CloudflareAccess access, R2Account account, String bucket) {
    this(access, account, bucket, Thread::sleep);
  }

  R2Locks(CloudflareAccess access, R2Account account, String bucket, Pause pause) {
    this.api = new CloudflareApi(access, account, bucket, pause);
  }

  /// The rules as they are now.
  public LockRules read() {
    try {
      return LockRules.read(api.get(LOCK));
    } catch (IllegalArgumentException e) {
      throw Problem.storageFailed(
              "the lock rules of %s cannot be understood: %s"
                  .formatted(api.where(), e.getMessage()),
              "Nothing was changed, since what is not understood could not be written back.")
          .causedBy(e);
    }
  }

  /// Locks archives; writes nothing where they are locked so already.
  ///
  /// @param archives the lineages' folders
  /// @param age how long each object is locked from when it was written
  /// @param shorten whether a rule of ours may come to lock for less than it does
  /// @return what was done
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if a lock would become shorter;
  ///   `VerificationFailed` if the rules are not what was written, since somebody else wrote too
  public LockPlan apply(List<StoreFolder> archives, Duration age, boolean shorten) {
    LockPlan plan = read().plan(archives, age);
    if (plan.shortens() && !shorten) {
      throw Problem.refused(
              "lock rules of these archives lock for longer than that; nothing was changed",
              "See them with --plan. If they are meant to become shorter, add --shorten.")
          .asException();
    }
    if (plan.isDone()) {
      return plan;
    }
    var _ = api.put(LOCK, plan.after().body());
    List<String> differences = plan.after().differences(read());
    if (!differences.isEmpty()) {
      throw Problem.verificationFailed(
              "the lock rules of %s are not what was written: %s"
                  .formatted(api.where(), String.join(", ", differences)),
              "Somebody else may have changed them at the same time. Look at these rules in the"
                  + " Cloudflare dashboard, then run it again.")
          .asException();
    }
    return plan;
  }

  @Override
  public void close() {
    api.close();
  }
}
