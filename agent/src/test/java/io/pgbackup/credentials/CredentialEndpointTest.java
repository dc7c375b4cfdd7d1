package io.pgbackup.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.SteppingClock;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

class CredentialEndpointTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");

  private final HttpClient client = HttpClient.newHttpClient();
  private AwsCredentials credentials = AwsBasicCredentials.create("id", "a/\"b\\c");
  private final CredentialEndpoint endpoint =
      CredentialEndpoint.open(() -> credentials, new SteppingClock(NOW));

  @AfterEach
  void close() {
    endpoint.close();
    client.close();
  }

  @Test
  void givesWhatCountsNowUntilItIsAskedAgainAMinuteLater() throws Exception {
    JsonNode given = json(get(endpoint.uri(), endpoint.token()));

    assertThat(given.path("AccessKeyId").asText()).isEqualTo("id");
    assertThat(given.path("SecretAccessKey").asText()).isEqualTo("a/\"b\\c");
    assertThat(given.path("Token").asText()).isEmpty();
    assertThat(given.path("Expiration").asText()).isEqualTo("2026-11-21T05:06:00Z");
  }

  @Test
  void aRotatedSecretIsGivenAtTheNextRequest() throws Exception {
    get(endpoint.uri(), endpoint.token());
    credentials = AwsSessionCredentials.create("other", "secret", "session");

    JsonNode given = json(get(endpoint.uri(), endpoint.token()));

    assertThat(given.path("AccessKeyId").asText()).isEqualTo("other");
    assertThat(given.path("Token").asText()).isEqualTo("session");
  }

  @Test
  void onlyWhoKnowsTheTokenGetsAnAnswer() throws Exception {
    assertThat(get(endpoint.uri(), "wrong").statusCode()).isEqualTo(401);
    assertThat(get(endpoint.uri(), "").statusCode()).isEqualTo(401);
    assertThat(get(endpoint.uri().resolve("archiver/x"), endpoint.token()).statusCode())
        .isEqualTo(401);
    assertThat(get(endpoint.uri(), "wrong").body()).isEmpty();
  }

  @Test
  void listensOnLoopbackOnlyAndTheTokenHasNoLineEnd() {
    assertThat(endpoint.uri().getHost()).isEqualTo("127.0.0.1");
    assertThat(endpoint.token()).hasSizeGreaterThan(40).doesNotContainAnyWhitespaces();
  }

  @Test
  void whatCannotBeReadIsATroubleThatPasses() throws Exception {
    try (CredentialEndpoint broken =
        CredentialEndpoint.open(
            () -> {
              throw Problem.misconfigured("cannot read /secret", "Look.").asException();
            },
            new SteppingClock(NOW))) {
      assertThat(get(broken.uri(), broken.token()).statusCode()).isEqualTo(503);
    }
  }

  private HttpResponse<String> get(URI uri, String token) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (!token.isEmpty()) {
      request.header("Authorization", token);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response) throws IOException {
    assertThat(response.statusCode()).isEqualTo(200);
    return new JsonMapper().readTree(response.body());
  }
}
