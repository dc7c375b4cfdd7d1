package io.pgbackup.store.s3;

import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.problem.NextAttempt;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Times;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.xml.stream.XMLStreamException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// The border between the SDK's exceptions and problems. Everything that gets here was tried as
/// often as it may help.
final class S3Failures {
  private static final Logger LOGGER = LoggerFactory.getLogger(S3Failures.class);

  // S3 answers an expired session with the first three, R2 with 401, MinIO with the others.
  private static final Set<String> EXPIRED =
      Set.of(
          "ExpiredToken",
          "ExpiredTokenException",
          "RequestExpired",
          "InvalidAccessKeyId",
          "InvalidTokenId",
          "Unauthorized");

  /// How often one request is sent again with other credentials.
  private static final int RENEWALS = 3;

  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  private static final Duration SHORTEST_REST = Duration.ofSeconds(1);
  private static final Duration LONGEST_REST = Duration.ofSeconds(4);

  // Answered with 400, although nothing is wrong but the way: the body came late, short or damaged.
  private static final Set<String> DAMAGED =
      Set.of(
          "BadDigest",
          "IncompleteBody",
          "RequestTimeout",
          "XAmzContentChecksumMismatch",
          "XAmzContentSHA256Mismatch");

  private final String bucket;
  private final String where;
  private final StoreCredentials credentials;
  private final Runnable probe;
  private final Duration patience;

  /// @param endpoint as a person names it
  /// @param probe a small request without a body; what it finds does not matter
  S3Failures(String bucket, String endpoint, StoreCredentials credentials, Runnable probe) {
    this(bucket, "bucket '" + bucket + "' at " + endpoint, credentials, probe, Duration.ZERO);
  }

  private S3Failures(
      String bucket,
      String where,
      StoreCredentials credentials,
      Runnable probe,
      Duration patience) {
    this.bucket = bucket;
    this.where = where;
    this.credentials = credentials;
    this.probe = probe;
    this.patience = patience;
  }

  /// The same, where a request is begun again for so long after its first failure that may pass.
  S3Failures patient(Duration longer) {
    return new S3Failures(bucket, where, credentials, probe, longer);
  }

  /// @param doing for instance "write orders/claim.json"
  <T> T translate(String doing, Supplier<T> call) {
    return translate(doing, Duration.ZERO, call);
  }

  /// Where the credentials are refused as expired and there are newer ones, it is sent again.
  ///
  /// @param credentialPatience how long newer ones may be waited for
  <T> T translate(String doing, Duration credentialPatience, Supplier<T> call) {
    long since = System.nanoTime();
    for (boolean waited = false; ; waited = true) {
      try {
        T answer = withNewerCredentials(doing, credentialPatience, call);
        if (waited) {
          LOGGER.atInfo().addKeyValue("doing", doing).log("the store answers again");
        }
        return answer;
      } catch (PgBackupException e) {
        if (!e.problem().retryMayHelp()
            || System.nanoTime() - since >= patience.toNanos()
            || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        if (!waited) {
          LOGGER
              .atWarn()
              .addKeyValue("problem", e.problem().message())
              .addKeyValue("patience", Times.span(patience))
              .log("waiting for the store");
        }
        rest(e);
      }
    }
  }

  // Many parts and threads wait at the same time, and are not to come back at the same time.
  private static void rest(PgBackupException reason) {
    NextAttempt.after(
        Duration.ofMillis(
            ThreadLocalRandom.current()
                .nextLong(SHORTEST_REST.toMillis(), LONGEST_REST.toMillis())),
        reason);
  }

  private <T> T withNewerCredentials(String doing, Duration credentialPatience, Supplier<T> call) {
    for (int renewals = 0; ; renewals++) {
      StoreCredentials.Used used = credentials.used();
      try {
        T answer = call.get();
        credentials.accepted(used);
        return answer;
      } catch (SdkException e) {
        boolean cutOff = isCutOff(e);
        if (cutOff && renewals < RENEWALS && credentials.changedSince(used)) {
          continue;
        }
        SdkException told = cutOff ? expiredOtherwise(e) : e;
        boolean again =
            told instanceof S3Exception answer
                && isExpired(answer)
                && renewals < RENEWALS
                && renewed(used, credentialPatience);
        if (!again) {
          throw of(doing, told);
        }
      }
    }
  }

  /// A store that refuses a large request may close the connection before it has read it, and the
  /// answer that says why is lost.
  private boolean isCutOff(SdkException e) {
    return credentials.renewable()
        && !(e instanceof S3Exception)
        && causes(e).anyMatch(IOException.class::isInstance)
        && causes(e).noneMatch(ConnectException.class::isInstance)
        && causes(e).noneMatch(UnknownHostException.class::isInstance);
  }

  private SdkException expiredOtherwise(SdkException cutOff) {
    try {
      probe.run();
      return cutOff;
    } catch (S3Exception answer) {
      return isExpired(answer) ? answer : cutOff;
    } catch (SdkException _) {
      return cutOff;
    }
  }

  private boolean renewed(StoreCredentials.Used used, Duration longest) {
    long since = System.nanoTime();
    while (!credentials.renewed(used)) {
      if (!credentials.renewable() || System.nanoTime() - since >= longest.toNanos()) {
        return false;
      }
      try {
        Thread.sleep(LOOK_AGAIN);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  static boolean isExpired(S3Exception e) {
    return EXPIRED.contains(code(e)) || e.statusCode() == 401;
  }

  /// Whether an answer, a listing for instance, ended before it was whole. The SDK looks one cause
  /// deep only, and takes what its parser throws for final.
  static boolean brokeOff(Throwable e) {
    return !(e instanceof S3Exception)
        && causes(e).noneMatch(PgBackupException.class::isInstance)
        && causes(e)
            .anyMatch(cause -> cause instanceof IOException || cause instanceof XMLStreamException);
  }

  PgBackupException of(String doing, SdkException e) {
    Optional<PgBackupException> ours =
        causes(e)
            .filter(PgBackupException.class::isInstance)
            .map(PgBackupException.class::cast)
            .findFirst();
    if (ours.isPresent()) {
      return ours.get();
    }
    return (e instanceof S3Exception answer ? answered(doing, answer) : unanswered(doing, e))
        .causedBy(e);
  }

  private Problem answered(String doing, S3Exception e) {
    String code = code(e);
    String message = message(doing, code + details(e));
    if (code.equals("NoSuchBucket")) {
      return Problem.notFound(
          "bucket '" + bucket + "' does not exist at " + where.substring(where.indexOf(" at ") + 4),
          "Create it, or correct storage.url and storage.endpoint.");
    }
    if (isExpired(e)) {
      return credentials
          .expiry()
          .orElseGet(
              () ->
                  Problem.storageUnavailable(
                      message, "The credentials are unknown or have expired; renew them."));
    }
    if (isDamaged(e)) {
      return Problem.storageUnavailable(message, "Check the network; try again.");
    }
    return switch (e.statusCode()) {
      case 403 ->
          Problem.storageFailed(
              message, "Check the credentials and what their policy allows in this prefix.");
      case 404 -> Problem.notFound(message, "List what is there and check the name.");
      case 301, 307 ->
          Problem.misconfigured(
              message, "The bucket lies in another region; correct storage.region.");
      case 400 ->
          Problem.storageFailed(
              message,
              "Check storage.url, storage.region, storage.endpoint and storage.pathStyle.");
      case 501 ->
          Problem.storageFailed(
              message,
              "This store does not know what was asked of it. 'pgbackup doctor' says what it can do,"
                  + " and whether storage.dialect helps.");
      default ->
          e.statusCode() == 429 || e.statusCode() == 409 || e.statusCode() >= 500 || succeeded(e)
              ? Problem.storageUnavailable(message, "The store is overloaded or broken; try later.")
              : Problem.storageFailed(message, "Check that the endpoint is an S3 service.");
    };
  }

  // Completing a multipart upload may be answered by 200 and an error in the body.
  private static boolean succeeded(S3Exception e) {
    return e.statusCode() == 200;
  }

  private Problem unanswered(String doing, SdkException e) {
    if (e instanceof AbortedException) {
      return Problem.storageUnavailable(message(doing, "interrupted"), "Run it again.");
    }
    Optional<Throwable> distrusted =
        causes(e).filter(CertificateException.class::isInstance).findFirst();
    if (distrusted.isPresent()) {
      return Problem.storageFailed(
          message(doing, "its certificate is not trusted, " + distrusted.get().getMessage()),
          "If it comes from an authority of your own, name that in storage.caFile; it must be made"
              + " out to the host in storage.endpoint.");
    }
    Optional<Throwable> broken = causes(e).filter(IOException.class::isInstance).findFirst();
    if (broken.isPresent()) {
      String reason =
          broken.get() instanceof UnknownHostException
              ? "unknown host " + broken.get().getMessage()
              : String.valueOf(broken.get().getMessage());
      return Problem.storageUnavailable(
          message(doing, reason), "Check the network and storage.endpoint.");
    }
    if (String.valueOf(e.getMessage()).contains("Unable to load credentials")) {
      return Problem.misconfigured(
          message(doing, "no credentials"),
          "Name their files in storage.credentials, or set AWS_ACCESS_KEY_ID and"
              + " AWS_SECRET_ACCESS_KEY.");
    }
    return Problem.storageUnavailable(
        message(doing, e.rawMessage()), "Check the network and storage.endpoint.");
  }

  private String message(String doing, String reason) {
    return "cannot " + doing + " in " + where + ": " + reason;
  }

  private static String details(S3Exception e) {
    String text =
        Optional.ofNullable(e.awsErrorDetails()).map(AwsErrorDetails::errorMessage).orElse("");
    return text.isEmpty() ? "" : " (" + text.replaceFirst("\\.$", "") + ")";
  }

  /// The error's code; where the answer had no body, as with HEAD, its status.
  static String code(S3Exception e) {
    return Optional.ofNullable(e.awsErrorDetails())
        .map(AwsErrorDetails::errorCode)
        .filter(code -> !code.isEmpty())
        .orElse("status " + e.statusCode());
  }

  static boolean isDamaged(S3Exception e) {
    return DAMAGED.contains(code(e));
  }

  static boolean isPrecondition(S3Exception e) {
    return e.statusCode() == 412 || code(e).equals("PreconditionFailed");
  }

  /// Two writers at once; nobody knows yet who wins.
  static boolean isConflict(S3Exception e) {
    return e.statusCode() == 409
        || code(e).equals("ConditionalRequestConflict")
        || code(e).equals("OperationAborted");
  }

  private static Stream<Throwable> causes(Throwable e) {
    return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
  }
}
