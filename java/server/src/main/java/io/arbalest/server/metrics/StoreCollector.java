package io.arbalest.server.metrics;

import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetStatus;
import io.arbalest.store.ShadowStatus.StrategyRecall;
import io.arbalest.store.Store;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.SummaryMetricFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Figures of each dataset, asked for when somebody looks and at no other time. */
public final class StoreCollector extends Collector {
  private static final List<String> LABELS = List.of("dataset");

  private final Store store;

  public StoreCollector(Store store) {
    this.store = store;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    List<DatasetStatus> all = store.datasets().stream().map(Dataset::status).toList();
    List<MetricFamilySamples> families = new ArrayList<>();
    families.add(family(all, "rows", "Rows that a search can return.", DatasetStatus::live));
    families.add(family(all, "pending_rows", "Rows not in the graph yet.", DatasetStatus::pending));
    families.add(
        family(all, "queued_writes", "Writes waiting for the log.", DatasetStatus::queuedWrites));
    families.add(family(all, "sequence", "The last write applied.", DatasetStatus::sequence));
    families.add(
        family(
            all,
            "indexed_sequence",
            "Every write up to this one is in the graph.",
            DatasetStatus::indexedSequence));
    families.add(family(all, "wal_bytes", "Bytes of the log.", DatasetStatus::walBytes));
    families.add(family(all, "vector_bytes", "Memory of vectors.", DatasetStatus::vectorBytes));
    families.add(family(all, "code_bytes", "Memory of codes.", DatasetStatus::codeBytes));
    families.add(family(all, "graph_bytes", "Memory of graphs.", DatasetStatus::graphBytes));
    families.add(
        family(all, "column_bytes", "Memory of ids and columns.", DatasetStatus::columnBytes));
    families.add(
        family(
            all,
            "metadata_index_bytes",
            "Memory of the indexes of metadata columns.",
            DatasetStatus::metadataIndexBytes));
    families.add(
        family(
            all,
            "text_disk_bytes",
            "Bytes of the text index's files.",
            DatasetStatus::textDiskBytes));
    families.add(
        family(
            all,
            "text_memory_bytes",
            "Memory of the text index for what is not in its files yet.",
            DatasetStatus::textMemoryBytes));
    families.add(
        seconds(
            all, "wal_sync", "Syncs of the log.", DatasetStatus::syncs, DatasetStatus::syncNanos));
    addCache(families, all);
    addFilterCache(families, all);
    addShadow(families, all);
    return families;
  }

  private static void addCache(List<MetricFamilySamples> families, List<DatasetStatus> all) {
    families.add(
        counter(all, "cache_hits", "Searches answered from the cache.", s -> s.cache().hits()));
    families.add(
        counter(all, "cache_misses", "Searches not found there.", s -> s.cache().misses()));
    families.add(
        counter(
            all,
            "cache_evictions",
            "Answers given up for want of room or for their age.",
            s -> s.cache().evictions()));
    families.add(
        counter(
            all,
            "cache_invalidations",
            "Answers given up because the dataset was written.",
            s -> s.cache().invalidations()));
    families.add(family(all, "cache_entries", "Answers in the cache.", s -> s.cache().entries()));
    families.add(family(all, "cache_bytes", "Memory of those answers.", s -> s.cache().bytes()));
  }

  private static void addFilterCache(List<MetricFamilySamples> families, List<DatasetStatus> all) {
    families.add(
        counter(all, "filter_cache_hits", "Filters with rows ready.", s -> s.filterCache().hits()));
    families.add(
        counter(
            all,
            "filter_cache_refreshes",
            "Filters whose rows were brought up to date after a write.",
            s -> s.filterCache().refreshes()));
    families.add(
        counter(
            all,
            "filter_cache_misses",
            "Filters whose rows were selected from the start.",
            s -> s.filterCache().misses()));
    families.add(
        counter(
            all,
            "filter_cache_evictions",
            "Filters given up for want of room.",
            s -> s.filterCache().evictions()));
    families.add(
        family(all, "filter_cache_entries", "Filters kept.", s -> s.filterCache().entries()));
    families.add(
        family(
            all,
            "filter_cache_bytes",
            "Memory of those filters and their rows.",
            s -> s.filterCache().bytes()));
    families.add(
        family(
            all,
            "filter_cache_subsets",
            "Filters kept whose rows have an index of their own.",
            s -> s.filterCache().subsets()));
    families.add(
        family(
            all,
            "filter_cache_subsets_due",
            "Such indexes that are being built or wait to be.",
            s -> s.filterCache().subsetsDue()));
    families.add(
        seconds(
            all,
            "filter_cache_subset_build",
            "Builds of such indexes.",
            s -> s.filterCache().subsetBuilds(),
            s -> s.filterCache().subsetNanos()));
  }

  private static void addShadow(List<MetricFamilySamples> families, List<DatasetStatus> all) {
    SummaryMetricFamily recall =
        new SummaryMetricFamily(
            "arbalest_shadow_recall",
            "Recall of sampled live queries beside an exact answer.",
            List.of("dataset", "strategy"));
    for (DatasetStatus status : all) {
      for (StrategyRecall seen : status.shadow().strategies()) {
        recall.addMetric(List.of(status.name(), seen.strategy()), seen.samples(), seen.recallSum());
      }
    }
    families.add(recall);
    families.add(
        counter(all, "shadow_dropped", "Samples that were too many.", s -> s.shadow().dropped()));
    families.add(
        counter(
            all,
            "shadow_changed",
            "Samples whose dataset was written before they were checked.",
            s -> s.shadow().changed()));
  }

  private static MetricFamilySamples counter(
      List<DatasetStatus> all, String name, String help, ToDoubleFunction<DatasetStatus> value) {
    CounterMetricFamily family = new CounterMetricFamily("arbalest_" + name, help, LABELS);
    for (DatasetStatus status : all) {
      family.addMetric(List.of(status.name()), value.applyAsDouble(status));
    }
    return family;
  }

  /** How often something was done and how long it took, which is given in nanoseconds. */
  private static MetricFamilySamples seconds(
      List<DatasetStatus> all,
      String name,
      String help,
      ToDoubleFunction<DatasetStatus> count,
      ToDoubleFunction<DatasetStatus> nanos) {
    SummaryMetricFamily family =
        new SummaryMetricFamily("arbalest_" + name + "_seconds", help, LABELS);
    for (DatasetStatus status : all) {
      family.addMetric(
          List.of(status.name()), count.applyAsDouble(status), nanos.applyAsDouble(status) / 1e9);
    }
    return family;
  }

  private static MetricFamilySamples family(
      List<DatasetStatus> all, String name, String help, ToDoubleFunction<DatasetStatus> value) {
    GaugeMetricFamily family = new GaugeMetricFamily("arbalest_dataset_" + name, help, LABELS);
    for (DatasetStatus status : all) {
      family.addMetric(List.of(status.name()), value.applyAsDouble(status));
    }
    return family;
  }
}
