package io.pgbackup.store.s3;

import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpResponse;

/// Lets our own backoff decide when to try again. MinIO asks for a minute's pause while it starts,
/// which takes it less than a second, and the SDK would obey any number.
final class OwnPauses implements ExecutionInterceptor {
  @Override
  public SdkHttpResponse modifyHttpResponse(
      Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
    return context.httpResponse().firstMatchingHeader("Retry-After").isPresent()
        ? context.httpResponse().copy(response -> response.removeHeader("Retry-After"))
        : context.httpResponse();
  }
}
