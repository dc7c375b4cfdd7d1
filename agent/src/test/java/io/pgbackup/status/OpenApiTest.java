package io.pgbackup.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.Headers;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.OpenApi;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// docs/openapi.yaml against the types that are sent, and against answers.
class OpenApiTest {
  private static final Map<Class<?>, String> NAMES =
      Map.of(
          StatusSnapshot.class, "Status",
          BackupRunView.class, "BackupRun",
          ProblemView.class, "Problem");
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final BackupRunView RUN =
      new BackupRunView(
          "7f",
          BackupRunView.State.FAILED,
          Optional.of("base_000000010000000000000002"),
          NOW,
          Optional.of(NOW),
          1,
          2,
          Optional.of(new ProblemView("storage", "no answer", Optional.of("Wait."))));

  private final OpenApi api = new OpenApi();
  private final Requests requests = new Requests();
  private Optional<List<StatusSnapshot.Backup>> archived = Optional.of(List.of());

  private JsonNode schemas() {
    return api.document().at("/components/schemas");
  }

  @Test
  void everyFieldOfEveryTypeIsDescribedAsItIsAndNothingElse() {
    Map<String, Class<?>> types = new LinkedHashMap<>();
    for (Class<?> root :
        List.of(StatusSnapshot.class, BackupList.class, Reply.Failure.class, BackupRequest.class)) {
      collect(root, types);
    }

    assertThat(names(schemas())).isEqualTo(new TreeSet<>(types.keySet()));
    types.forEach(
        (name, type) -> {
          JsonNode schema = schemas().get(name);
          List<RecordComponent> fields = Arrays.asList(type.getRecordComponents());
          assertThat(names(schema.get("properties")))
              .as(name)
              .isEqualTo(new TreeSet<>(fields.stream().map(RecordComponent::getName).toList()));
          // what is asked for may be left out, all of it
          if (!type.equals(BackupRequest.class)) {
            assertThat(texts(schema.path("required")))
                .as("required of " + name)
                .containsExactlyInAnyOrderElementsOf(
                    fields.stream()
                        .filter(field -> field.getType() != Optional.class)
                        .map(RecordComponent::getName)
                        .toList());
          }
          for (RecordComponent field : fields) {
            assertFits(schema.get("properties").get(field.getName()), field.getGenericType());
          }
        });
  }

  private static void collect(Class<?> type, Map<String, Class<?>> types) {
    if (types.put(name(type), type) == null) {
      for (RecordComponent field : type.getRecordComponents()) {
        Type inner = inner(field.getGenericType());
        if (inner instanceof Class<?> other && other.isRecord()) {
          collect(other, types);
        }
      }
    }
  }

  private static String name(Class<?> type) {
    return NAMES.getOrDefault(type, type.getSimpleName());
  }

  private static Type inner(Type type) {
    return type instanceof ParameterizedType generic && generic.getRawType() != Map.class
        ? inner(generic.getActualTypeArguments()[0])
        : type;
  }

  private static void assertFits(JsonNode schema, Type declared) {
    if (declared instanceof ParameterizedType generic && generic.getRawType() == List.class) {
      assertThat(schema.path("type").asText()).isEqualTo("array");
      assertFits(schema.get("items"), generic.getActualTypeArguments()[0]);
      return;
    }
    Type type = inner(declared);
    switch (type) {
      case ParameterizedType _ ->
          assertThat(schema.at("/additionalProperties/type").asText()).isEqualTo("boolean");
      case Class<?> known when known.isRecord() ->
          assertThat(schema.path("$ref").asText()).isEqualTo("#/components/schemas/" + name(known));
      case Class<?> known when known.isEnum() ->
          assertThat(texts(schema.path("enum"))).isEqualTo(spellings(known));
      case Class<?> known when known == JsonNode.class -> assertThat(schema.has("type")).isFalse();
      default ->
          assertThat(schema.path("type").asText() + schema.path("format").asText())
              .isEqualTo(PRIMITIVES.get(type));
    }
  }

  private static final Map<Type, String> PRIMITIVES =
      Map.of(
          String.class, "string",
          Instant.class, "stringdate-time",
          int.class, "integerint64",
          Integer.class, "integerint64",
          long.class, "integerint64",
          Long.class, "integerint64",
          Double.class, "number",
          boolean.class, "boolean",
          Boolean.class, "boolean");

  private static List<String> spellings(Class<?> type) {
    List<String> spellings = new ArrayList<>();
    for (Field constant : type.getFields()) {
      JsonProperty spelling = constant.getAnnotation(JsonProperty.class);
      if (spelling != null) {
        spellings.add(spelling.value());
      }
    }
    return spellings;
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(item -> texts.add(item.asText()));
    return texts;
  }

  @Test
  void everyPathAnswersAsItIsDescribed() throws Exception {
    assertThat(names(api.document().get("paths")))
        .containsExactly("/api/v1/backups", "/api/v1/backups/{id}", "/api/v1/status");

    answers("GET", "/api/v1/backups", "/api/v1/backups", "", 200);
    archived = Optional.empty();
    answers("GET", "/api/v1/backups", "/api/v1/backups", "", 503);
    answers("GET", "/api/v1/backups/{id}", "/api/v1/backups/7f", "", 200);
    answers("GET", "/api/v1/backups/{id}", "/api/v1/backups/8f", "", 404);
    answers("POST", "/api/v1/backups", "/api/v1/backups", "{\"kind\":\"full\"}", 202);
    answers("POST", "/api/v1/backups", "/api/v1/backups", "{\"kind\":\"half\"}", 400);
    requests.running = true;
    answers("POST", "/api/v1/backups", "/api/v1/backups", "", 409);
    requests.problem = Optional.of(Problem.postgresFailed("no server", "Start it."));
    answers("POST", "/api/v1/backups", "/api/v1/backups", "", 503);
    requests.problem = Optional.of(Problem.timedOut("the agent is stopping", "Ask again."));
    answers("POST", "/api/v1/backups", "/api/v1/backups", "", 504);

    for (String path : List.of("/api/v1/status", "/api/v1/backups")) {
      Reply refused = reply("GET", path, "", "0.0.0.0");
      assertThat(refused.status()).isEqualTo(403);
      assertThat(api.faults("GET", path, 403, refused.body())).isEmpty();
    }
    assertThat(api.seen())
        .contains("BackupRun.problem", "Failure.problem", "Problem.hint", "BackupList.backups");
  }

  @Test
  void whatIsNotDescribedIsNoticed() {
    String body = "{\"problem\":{\"kind\":\"odd\",\"message\":1,\"more\":true}}";

    assertThat(api.faults("GET", "/api/v1/status", 403, body))
        .anyMatch(fault -> fault.startsWith("Problem.kind"))
        .anyMatch(fault -> fault.startsWith("Problem.message"))
        .contains("Problem.more is not described");
    assertThat(api.faults("GET", "/api/v1/status", 403, "{}"))
        .containsExactly("Failure lacks problem");
    assertThat(api.faults("GET", "/api/v1/status", 418, "{}")).hasSize(1);
  }

  private void answers(String method, String path, String asked, String body, int status)
      throws Exception {
    Reply reply = reply(method, asked, body, "127.0.0.1");
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(api.faults(method, path, status, reply.body())).isEmpty();
  }

  private Reply reply(String method, String path, String body, String address) throws Exception {
    Headers headers = new Headers();
    headers.set("Host", "127.0.0.1");
    headers.set("Content-Type", "application/json");
    StatusSources sources =
        new StatusSources(
            () -> {
              throw new AssertionError("the real agent's test asks for it");
            },
            () -> new Page("", ""),
            () -> "",
            Optional::empty,
            requests,
            () -> archived);
    return new Routes(sources, new RequestGuard(InetAddress.getByName(address), Optional.empty()))
        .answer(method, path, headers, body);
  }

  private static final class Requests implements BackupRequests {
    private boolean running;
    private Optional<Problem> problem = Optional.empty();

    @Override
    public Answer request(BackupRequest request) {
      problem.ifPresent(
          found -> {
            throw found.asException();
          });
      return running ? new Answer.AlreadyRunning(RUN) : new Answer.Started(RUN);
    }

    @Override
    public Optional<BackupRunView> find(String id) {
      return Optional.of(RUN).filter(run -> run.id().equals(id));
    }
  }
}
