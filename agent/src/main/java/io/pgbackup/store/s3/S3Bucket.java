package io.pgbackup.store.s3;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// Single requests on one bucket, and what their answers mean. Thread-safe.
final class S3Bucket {
  private static final int CONFLICTS = 5;

  private final S3Client client;
  private final String name;
  private final S3Failures failures;
  private final BodyCheck check;

  S3Bucket(S3Client client, String name, S3Failures failures, BodyCheck check) {
    this.client = client;
    this.name = name;
    this.failures = failures;
    this.check = check;
  }

  S3Bucket with(S3Failures others) {
    return new S3Bucket(client, name, others, check);
  }

  /// For what is tidied up behind a failure: that is not worth waiting for.
  S3Bucket impatient() {
    return with(failures.patient(Duration.ZERO));
  }

  BodyCheck check() {
    return check;
  }

  String name() {
    return name;
  }

  /// Sends a request, its failure told as one of `doing`.
  <T> T ask(String doing, java.util.function.Function<S3Client, T> request) {
    return failures.translate(doing, () -> request.apply(client));
  }

  /// The same where an upload under way would be lost: a credential that expires meanwhile is
  /// waited for.
  <T> T askPatiently(
      String doing, Duration patience, java.util.function.Function<S3Client, T> request) {
    return failures.translate(doing, patience, () -> request.apply(client));
  }

  CreateOutcome create(
      ObjectKey key, Content content, Map<String, String> metadata, Duration patience) {
    Attempt attempt = Attempt.next();
    return failures.translate(
        "write " + key,
        patience,
        () -> {
          try {
            PutObjectResponse stored =
                withoutConflicts(
                    () ->
                        client.putObject(
                            put(key, content, metadata, attempt).ifNoneMatch("*").build(),
                            content.body()));
            return created(key, content.length(), stored, metadata);
          } catch (S3Exception e) {
            if (S3Failures.isPrecondition(e)) {
              return settle(key, attempt);
            }
            throw e;
          }
        });
  }

  Optional<String> replace(ObjectKey key, Content content, Optional<String> expectedVersion) {
    Attempt attempt = Attempt.next();
    return failures.translate(
        "replace " + key,
        () -> {
          var put = put(key, content, Map.of(), attempt);
          expectedVersion.ifPresentOrElse(put::ifMatch, () -> put.ifNoneMatch("*"));
          try {
            return Optional.of(
                withoutConflicts(() -> client.putObject(put.build(), content.body())).eTag());
          } catch (S3Exception e) {
            // Without an object to match, S3 answers 404.
            boolean gone = expectedVersion.isPresent() && S3Failures.code(e).equals("NoSuchKey");
            if (S3Failures.isPrecondition(e) || gone) {
              return head(key)
                  .filter(there -> attempt.made(there.metadata()))
                  .map(HeadObjectResponse::eTag);
            }
            throw e;
          }
        });
  }

  private PutObjectRequest.Builder put(
      ObjectKey key, Content content, Map<String, String> metadata, Attempt attempt) {
    PutObjectRequest.Builder request =
        PutObjectRequest.builder().bucket(name).key(key.value()).metadata(attempt.mark(metadata));
    check.of(request, content);
    return request;
  }

  /// Deletes one object; none under this key is as good.
  ///
  /// @return why the store does not let it be deleted; empty where it is gone
  Optional<String> delete(ObjectKey key) {
    return failures.translate(
        "delete " + key,
        () -> {
          try {
            client.deleteObject(request -> request.bucket(name).key(key.value()));
            return Optional.empty();
          } catch (S3Exception e) {
            if (S3Failures.code(e).equals("NoSuchKey")) {
              return Optional.empty();
            }
            if (e.statusCode() == 403 && !S3Failures.isExpired(e)) {
              return Optional.of(S3Failures.code(e));
            }
            throw e;
          }
        });
  }

  /// What stands under this key after the store refused to write over it.
  CreateOutcome settle(ObjectKey key, Attempt attempt) {
    HeadObjectResponse there = head(key).orElseThrow(() -> vanished(key));
    StoredObject object = object(key, there);
    return attempt.made(there.metadata()) ? new Created(object) : new AlreadyThere(object);
  }

  static PgBackupException vanished(ObjectKey key) {
    return Problem.storageUnavailable(
            "the store refused to write " + key + ", then said that it does not exist",
            "Somebody may have deleted it meanwhile; try again.")
        .asException();
  }

  Optional<HeadObjectResponse> head(ObjectKey key) {
    return failures.translate(
        "look up " + key,
        () -> {
          try {
            return Optional.of(client.headObject(request -> request.bucket(name).key(key.value())));
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return headAgain(key, e);
            }
            throw e;
          }
        });
  }

  Optional<HeadObjectResponse> head(ObjectKey key, String versionId) {
    return failures.translate(
        "look up version " + versionId + " of " + key + " (s3:GetObjectVersion)",
        () -> {
          try {
            return Optional.of(
                client.headObject(
                    request -> request.bucket(name).key(key.value()).versionId(versionId)));
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  // The answer to HEAD has no body, so 404 may mean the bucket; that to GET says which.
  private Optional<HeadObjectResponse> headAgain(ObjectKey key, S3Exception missing) {
    try (ResponseInputStream<GetObjectResponse> stream =
        client.getObject(request -> request.bucket(name).key(key.value()))) {
      stream.abort();
      return Optional.of(client.headObject(request -> request.bucket(name).key(key.value())));
    } catch (S3Exception e) {
      if (S3Failures.code(e).equals("NoSuchKey")) {
        return Optional.empty();
      }
      throw e;
    } catch (java.io.IOException e) {
      throw missing;
    }
  }

  static StoredObject object(ObjectKey key, HeadObjectResponse head) {
    return new StoredObject(
        key,
        head.contentLength(),
        head.lastModified(),
        head.eTag(),
        Attempt.withoutMark(head.metadata()));
  }

  private static Created created(
      ObjectKey key, long size, PutObjectResponse stored, Map<String, String> metadata) {
    return new Created(new StoredObject(key, size, answeredAt(stored), stored.eTag(), metadata));
  }

  /// The store's clock, as its answer tells it.
  static Instant answeredAt(software.amazon.awssdk.core.SdkResponse response) {
    return response
        .sdkHttpResponse()
        .firstMatchingHeader("Date")
        .flatMap(S3Bucket::parsed)
        .orElseGet(Instant::now);
  }

  private static Optional<Instant> parsed(String date) {
    try {
      return Optional.of(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from));
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  private static <T> T withoutConflicts(Supplier<T> write) {
    for (int attempt = 1; ; attempt++) {
      try {
        return write.get();
      } catch (S3Exception e) {
        if (!S3Failures.isConflict(e) || attempt == CONFLICTS) {
          throw e;
        }
      }
    }
  }
}
