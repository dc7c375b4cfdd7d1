package io.pgbackup.engine.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;

/// The tablespaces of a backup as WAL-G's sentinel lists them.
///
/// @param basePrefix the data directory at the time of the backup
public record TablespaceSpec(String basePrefix, List<Tablespace> tablespaces) {
  /// @param oid the tablespace's number, which is also its name below `pg_tblspc`
  /// @param location where its files lay
  /// @param link the symbolic link's path below the data directory, `pg_tblspc/16391`
  public record Tablespace(String oid, String location, String link) {}

  public TablespaceSpec {
    tablespaces = List.copyOf(tablespaces);
  }

  static TablespaceSpec from(JsonNode spec, String name) {
    var tablespaces = new ArrayList<Tablespace>();
    for (JsonNode oid : spec.path("tablespaces")) {
      JsonNode entry = spec.path(oid.asText());
      tablespaces.add(
          new Tablespace(oid.asText(), text(entry, "loc", name), text(entry, "link", name)));
    }
    return new TablespaceSpec(text(spec, "base_prefix", name), tablespaces);
  }

  JsonNode toJson() {
    var spec = JsonNodeFactory.instance.objectNode();
    for (Tablespace tablespace : tablespaces) {
      spec.putObject(tablespace.oid())
          .put("loc", tablespace.location())
          .put("link", tablespace.link());
    }
    spec.put("base_prefix", basePrefix);
    var names = spec.putArray("tablespaces");
    tablespaces.forEach(tablespace -> names.add(tablespace.oid()));
    return spec;
  }

  private static String text(JsonNode node, String key, String name) {
    JsonNode value = node.path(key);
    if (!value.isTextual()) {
      throw Documents.unreadable(name, "a tablespace without " + key, null);
    }
    return value.textValue();
  }
}
