package io.pgbackup.credentials.aws;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sts.model.StsException;

/// The border between STS's answers and problems.
final class StsFailures {
  private StsFailures() {}

  static Problem problem(String doing, SdkException e) {
    Optional<Problem> ours =
        causes(e)
            .filter(PgBackupException.class::isInstance)
            .map(cause -> ((PgBackupException) cause).problem())
            .findFirst();
    return ours.orElseGet(
        () -> e instanceof StsException answer ? answered(doing, answer) : unanswered(doing, e));
  }

  private static Problem answered(String doing, StsException e) {
    Optional<AwsErrorDetails> details = Optional.ofNullable(e.awsErrorDetails());
    String code = details.map(AwsErrorDetails::errorCode).orElse("status " + e.statusCode());
    String text = details.map(AwsErrorDetails::errorMessage).orElse("");
    String message = doing + ": " + code + (text.isEmpty() ? "" : " (" + bare(text) + ")");
    return switch (code) {
      case "AccessDenied", "AccessDeniedException" ->
          Problem.storageFailed(
              message,
              "The broker's own policy must allow sts:AssumeRole on this role, and the role's trust"
                  + " policy must name the broker.");
      case "ExpiredToken", "ExpiredTokenException" ->
          Problem.storageUnavailable(message, "The broker's own credentials expired; renew them.");
      case "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException" ->
          Problem.storageFailed(
              message, "Check the broker's access key: AWS does not know it, or not its secret.");
      case "PackedPolicyTooLarge" ->
          Problem.misconfigured(
              message,
              "The names of bucket, namespace and cluster stand in the session policy; shorter ones"
                  + " make it smaller.");
      case "MalformedPolicyDocument" ->
          Problem.bug(message + "; the policy was written by pgbackup itself");
      case "RegionDisabledException" ->
          Problem.misconfigured(
              message,
              "Activate STS for storage.region in the account's settings, or use a region where it"
                  + " is active.");
      case "ValidationError" -> Problem.misconfigured(message, invalid(text));
      default ->
          e.isThrottlingException() || e.statusCode() >= 500
              ? Problem.storageUnavailable(message, "AWS is busy or broken; try later.")
              : Problem.storageFailed(message, "Check broker.roleArns and what AWS says about it.");
    };
  }

  private static String invalid(String text) {
    if (text.contains("role chaining")) {
      return "The broker itself runs with a role's credentials, as in a pod, and then AWS allows one"
          + " hour at most: ask for an hour, or give the broker an access key of its own.";
    }
    if (text.contains("MaxSessionDuration")) {
      return "Ask for a shorter time, or raise MaxSessionDuration of the IAM role.";
    }
    return "Correct what AWS names.";
  }

  private static Problem unanswered(String doing, SdkException e) {
    if (String.valueOf(e.getMessage()).contains("Unable to load credentials")) {
      return Problem.misconfigured(
          doing + ": the broker has no credentials of its own",
          "Name their files in broker.accessKeyIdFile and broker.secretAccessKeyFile, or run it"
              + " where AWS gives it a role.");
    }
    String reason =
        causes(e).filter(IOException.class::isInstance).findFirst().orElse(e).getMessage();
    return Problem.storageUnavailable(
        doing + ": " + reason, "Check the network and storage.region, then try again.");
  }

  private static Stream<Throwable> causes(Throwable e) {
    return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
  }

  private static String bare(String text) {
    return text.replaceFirst("\\.$", "");
  }
}
