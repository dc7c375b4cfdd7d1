package io.pgbackup.kubernetes.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/// Where nothing says where the API server is.
final class NoApi implements Api {
  @Override
  public Answer get(String path) throws IOException {
    throw new IOException(
        "this is no pod of Kubernetes: KUBERNETES_SERVICE_HOST and kubernetes.apiServer are empty");
  }

  @Override
  public Answer post(String path, JsonNode object) throws IOException {
    return get(path);
  }

  @Override
  public Answer put(String path, JsonNode object) throws IOException {
    return get(path);
  }

  @Override
  public Answer patch(String path, JsonNode fields) throws IOException {
    return get(path);
  }
}
