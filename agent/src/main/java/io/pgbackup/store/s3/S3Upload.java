package io.pgbackup.store.s3;

import static java.util.Objects.requireNonNull;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoredObject;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/// Fills one part at a time and sends it while the next is filled. What fits in one part becomes a
/// single PUT.
final class S3Upload implements ObjectUpload {
  private static final Logger LOGGER = LoggerFactory.getLogger(S3Upload.class);
  private static final int MOST_PARTS = 10_000;

  private final S3Bucket bucket;
  private final PartBuffers buffers;
  private final ExecutorService senders;
  private final Semaphore sending;
  private final int threads;
  private final Duration patience;
  private final ObjectKey key;
  private final Map<String, String> metadata;
  private final Attempt attempt = Attempt.next();
  private final List<CompletableFuture<CompletedPart>> parts = new ArrayList<>();
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();
  private final OutputStream stream = new PartStream();
  private @Nullable String uploadId;
  private byte @Nullable [] buffer;
  private int filled;
  private long size;
  private volatile boolean ended;
  private boolean closed;

  /// @param patience how long it waits for another credential where the one it has expired
  S3Upload(
      S3Bucket bucket,
      PartBuffers buffers,
      ExecutorService senders,
      int threads,
      Duration patience,
      ObjectKey key,
      Map<String, String> metadata) {
    this.bucket = bucket;
    this.buffers = buffers;
    this.senders = senders;
    this.threads = threads;
    this.patience = patience;
    this.sending = new Semaphore(threads);
    this.key = key;
    this.metadata = metadata;
    buffers.enter();
  }

  @Override
  public OutputStream stream() {
    return stream;
  }

  private void write(byte[] bytes, int offset, int length) {
    if (ended) {
      throw new IllegalStateException("the upload of " + key + " has ended");
    }
    for (int written = 0; written < length; ) {
      if (buffer != null && filled == buffers.size()) {
        sendPart();
      }
      if (buffer == null) {
        buffer = buffers.take();
      }
      int count = Math.min(length - written, buffers.size() - filled);
      System.arraycopy(bytes, offset + written, buffer, filled, count);
      filled += count;
      written += count;
    }
    size += length;
  }

  private void sendPart() {
    String id = uploadId != null ? uploadId : begin();
    int number = parts.size() + 1;
    if (number > MOST_PARTS) {
      throw Problem.storageFailed(
              key + " grows beyond " + MOST_PARTS + " parts of " + buffers.size() + " bytes",
              "A base backup has such an object for a single large file only: move that, a log or a"
                  + " dump for instance, out of the data directory.")
          .asException();
    }
    acquireSender();
    byte[] part = requireNonNull(buffer);
    Content content = new Content(part, filled);
    buffer = null;
    filled = 0;
    var sent = new CompletableFuture<CompletedPart>();
    parts.add(sent);
    senders.execute(
        () -> {
          running.add(Thread.currentThread());
          try {
            if (!ended) {
              sent.complete(send(id, number, content));
            }
          } catch (RuntimeException e) {
            sent.completeExceptionally(e);
          } finally {
            running.remove(Thread.currentThread());
            buffers.giveBack(part);
            sending.release();
          }
        });
  }

  private void acquireSender() {
    try {
      sending.acquire();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    Optional<CompletableFuture<CompletedPart>> failed =
        parts.stream().filter(CompletableFuture::isCompletedExceptionally).findFirst();
    if (failed.isPresent()) {
      sending.release();
      result(failed.get());
    }
  }

  private String begin() {
    String id =
        bucket.askPatiently(
            "begin to write " + key,
            patience,
            client ->
                client
                    .createMultipartUpload(
                        request -> {
                          request
                              .bucket(bucket.name())
                              .key(key.value())
                              .metadata(attempt.mark(metadata));
                          bucket.check().ofUpload(request);
                        })
                    .uploadId());
    uploadId = id;
    return id;
  }

  private CompletedPart send(String id, int number, Content content) {
    UploadPartRequest.Builder request =
        UploadPartRequest.builder()
            .bucket(bucket.name())
            .key(key.value())
            .uploadId(id)
            .partNumber(number);
    bucket.check().of(request, content);
    String tag =
        bucket.askPatiently(
            "write part " + number + " of " + key,
            patience,
            client -> client.uploadPart(request.build(), content.body()).eTag());
    return bucket.check().part(number, tag, content);
  }

  @Override
  public CreateOutcome complete() {
    CreateOutcome outcome = uploadId == null ? completeAtOnce() : completeParts(uploadId);
    ended = true;
    return outcome;
  }

  private CreateOutcome completeAtOnce() {
    return bucket.create(
        key, new Content(buffer == null ? new byte[0] : buffer, filled), metadata, patience);
  }

  private CreateOutcome completeParts(String id) {
    if (filled > 0) {
      sendPart();
    }
    List<CompletedPart> completed = parts.stream().map(S3Upload::result).toList();
    CreateOutcome outcome =
        bucket.askPatiently(
            "complete " + key, patience, client -> completeParts(client, id, completed));
    if (outcome instanceof AlreadyThere) {
      abort(id);
    }
    return outcome;
  }

  private CreateOutcome completeParts(
      software.amazon.awssdk.services.s3.S3Client client,
      String id,
      List<CompletedPart> completed) {
    try {
      CompleteMultipartUploadResponse stored =
          client.completeMultipartUpload(
              request ->
                  request
                      .bucket(bucket.name())
                      .key(key.value())
                      .uploadId(id)
                      .ifNoneMatch("*")
                      .multipartUpload(all -> all.parts(completed)));
      return new Created(
          new StoredObject(key, size, S3Bucket.answeredAt(stored), stored.eTag(), metadata));
    } catch (S3Exception e) {
      // An upload that is gone may be one whose completion was done and its answer lost.
      if (S3Failures.isPrecondition(e) || S3Failures.code(e).equals("NoSuchUpload")) {
        return bucket.settle(key, attempt);
      }
      throw e;
    }
  }

  private static CompletedPart result(CompletableFuture<CompletedPart> part) {
    try {
      return part.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof PgBackupException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static PgBackupException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return Problem.storageUnavailable("upload interrupted", "Run it again.").causedBy(e);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean abandoned = !ended;
    ended = true;
    if (buffer != null) {
      buffers.giveBack(buffer);
      buffer = null;
    }
    try {
      if (abandoned && uploadId != null) {
        // A sender either is among these or sees that the upload has ended.
        running.forEach(Thread::interrupt);
        sending.acquireUninterruptibly(threads);
        abort(uploadId);
      }
    } finally {
      buffers.leave();
    }
  }

  private void abort(String id) {
    // The SDK sends nothing on an interrupted thread.
    boolean interrupted = Thread.interrupted();
    try {
      bucket
          .impatient()
          .ask(
              "abort the upload of " + key,
              client ->
                  client.abortMultipartUpload(
                      request -> request.bucket(bucket.name()).key(key.value()).uploadId(id)));
    } catch (PgBackupException e) {
      if (!(e.problem() instanceof Problem.NotFound)) {
        LOGGER
            .atWarn()
            .addKeyValue("key", key)
            .addKeyValue("uploadId", id)
            .setCause(e)
            .log("multipart upload left behind");
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private final class PartStream extends OutputStream {
    @Override
    public void write(int octet) {
      S3Upload.this.write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      S3Upload.this.write(bytes, offset, length);
    }
  }
}
