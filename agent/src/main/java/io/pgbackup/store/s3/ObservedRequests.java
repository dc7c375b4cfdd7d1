package io.pgbackup.store.s3;

import io.pgbackup.telemetry.StoreTraffic;
import io.pgbackup.telemetry.StoreTraffic.Reason;
import io.pgbackup.telemetry.StoreTraffic.Request;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;

/// Tells [StoreTraffic] of each attempt at a request: how long its answer took, and what an earlier
/// one came to.
final class ObservedRequests implements ExecutionInterceptor {
  private static final ExecutionAttribute<Sent> LAST = new ExecutionAttribute<>("pgbackup-sent");

  private final StoreTraffic traffic;

  /// @param status 0 as long as there is no answer
  private record Sent(long at, int status) {
    Reason whyAgain() {
      // a good one broke off
      boolean unanswered = status < 300;
      boolean throttled = status == 429 || status == 503;
      return unanswered ? Reason.UNANSWERED : throttled ? Reason.THROTTLED : Reason.FAILED;
    }
  }

  ObservedRequests(StoreTraffic traffic) {
    this.traffic = traffic;
  }

  @Override
  public void beforeTransmission(
      Context.BeforeTransmission context, ExecutionAttributes attributes) {
    @Nullable Sent before = attributes.getAttribute(LAST);
    if (before != null) {
      traffic.sentAgain(before.whyAgain());
    }
    attributes.putAttribute(LAST, new Sent(System.nanoTime(), 0));
  }

  @Override
  public void afterTransmission(Context.AfterTransmission context, ExecutionAttributes attributes) {
    @Nullable Sent sent = attributes.getAttribute(LAST);
    if (sent == null) {
      return;
    }
    traffic.answered(
        kind(String.valueOf(attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME))),
        sent.at());
    attributes.putAttribute(LAST, new Sent(sent.at(), context.httpResponse().statusCode()));
  }

  private static Request kind(String operation) {
    return switch (operation) {
      case "DeleteObject", "DeleteObjects", "AbortMultipartUpload" -> Request.DELETE;
      case String name when name.startsWith("List") -> Request.LIST;
      case String name when name.startsWith("Get") || name.startsWith("Head") -> Request.READ;
      default -> Request.WRITE;
    };
  }
}
