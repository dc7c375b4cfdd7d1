package io.pgbackup.telemetry;

import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.telemetry.StoreHealth.Operation;
import java.io.OutputStream;

/// An upload whose end is told to [StoreHealth]; a part that failed under way fails the end too.
final class ObservedUpload implements ObjectUpload {
  private final ObjectUpload upload;
  private final StoreHealth health;
  private final OutputStream stream;

  ObservedUpload(ObjectUpload upload, StoreHealth health, StoreTraffic traffic) {
    this.upload = upload;
    this.health = health;
    this.stream = new CountedOutput(upload.stream(), traffic);
  }

  @Override
  public OutputStream stream() {
    return stream;
  }

  @Override
  public CreateOutcome complete() {
    return health.watch(Operation.WRITE, upload::complete);
  }

  @Override
  public void close() {
    upload.close();
  }
}
