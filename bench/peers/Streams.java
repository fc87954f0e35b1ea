import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.MessageDecoder;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The job of job.py on Kafka Streams: a processor with a persistent store per card, and trees in flat arrays. */
public final class Streams {
    static final long HOUR_MS = 3_600_000L;
    static final int ENTRY = 2 * Long.BYTES;

    /** A gradient boosting of trees, evaluated as scikit-learn does: sums in the order of the trees. */
    static final class Trees {
        final double baseline;
        final int[] roots, feature, left, right;
        final double[] threshold, value;

        Trees(File file) throws Exception {
            JsonNode all = new ObjectMapper().readTree(file);
            baseline = all.get("baseline").doubleValue();
            int nodes = 0;
            for (JsonNode tree : all.get("trees")) nodes += tree.get("feature").size();
            roots = new int[all.get("trees").size()];
            feature = new int[nodes];
            left = new int[nodes];
            right = new int[nodes];
            threshold = new double[nodes];
            value = new double[nodes];
            int at = 0, which = 0;
            for (JsonNode tree : all.get("trees")) {
                int root = at;
                roots[which++] = root;
                for (int node = 0; node < tree.get("feature").size(); node++, at++) {
                    feature[at] = tree.get("feature").get(node).intValue();
                    left[at] = root + tree.get("left").get(node).intValue();
                    right[at] = root + tree.get("right").get(node).intValue();
                    threshold[at] = tree.get("threshold").get(node).doubleValue();
                    value[at] = tree.get("value").get(node).doubleValue();
                }
            }
        }

        double score(double[] x) {
            double sum = baseline;
            for (int root : roots) {
                int node = root;
                while (feature[node] >= 0) node = x[feature[node]] <= threshold[node] ? left[node] : right[node];
                sum += value[node];
            }
            return 1.0 / (1.0 + Math.exp(-sum));
        }
    }

    static final class Scorer implements FixedKeyProcessor<byte[], byte[], byte[]> {
        static final String[] CHANNELS = {"UNKNOWN", "CHIP", "CONTACTLESS", "SWIPE", "ONLINE", "PHONE", "CASH"};
        final Trees trees;
        final MessageDecoder<GenericRecord> decoder;
        final Map<String, Double> channels = new HashMap<>();
        final int id, time, amountAt, currency, category, country, channel, device, latitude, longitude;
        final double[] x = new double[15];
        FixedKeyProcessorContext<byte[], byte[]> context;
        KeyValueStore<byte[], byte[]> cards;

        Scorer(Trees trees, Schema schema) {
            this.trees = trees;
            decoder = new BinaryMessageDecoder<>(GenericData.get(), schema);
            for (int place = 0; place < CHANNELS.length; place++) channels.put(CHANNELS[place], (double) place);
            id = schema.getField("event_id").pos();
            time = schema.getField("event_time").pos();
            amountAt = schema.getField("amount_minor").pos();
            currency = schema.getField("currency").pos();
            category = schema.getField("merchant_category").pos();
            country = schema.getField("country").pos();
            channel = schema.getField("channel").pos();
            device = schema.getField("device_id").pos();
            latitude = schema.getField("latitude").pos();
            longitude = schema.getField("longitude").pos();
        }

        @Override
        public void init(FixedKeyProcessorContext<byte[], byte[]> given) {
            context = given;
            cards = given.getStateStore("cards");
        }

        @Override
        public void process(FixedKeyRecord<byte[], byte[]> record) {
            GenericRecord row;
            try {
                row = decoder.decode(record.value());
            } catch (java.io.IOException problem) {
                throw new IllegalStateException(problem);
            }
            long at = (Long) row.get(time), amount = (Long) row.get(amountAt), total = amount;
            byte[] known = cards.get(record.key());
            int begin = 0, size = known == null ? 0 : known.length;
            ByteBuffer entries = known == null ? null : ByteBuffer.wrap(known);
            while (begin < size && entries.getLong(begin) <= at - HOUR_MS) begin += ENTRY;
            for (int entry = begin; entry < size; entry += ENTRY) total += entries.getLong(entry + Long.BYTES);
            ByteBuffer kept = ByteBuffer.allocate(size - begin + ENTRY);
            if (size > begin) kept.put(known, begin, size - begin);
            kept.putLong(at).putLong(amount);
            cards.put(record.key(), kept.array());
            long count = kept.capacity() / ENTRY;

            Object where = row.get(country), how = row.get(channel), what = row.get(category);
            Object north = row.get(latitude), east = row.get(longitude);
            x[0] = amount / 100.0;
            x[1] = at / 60_000 % 1_440;
            x[2] = (at / 86_400_000 + 4) % 7;
            x[3] = what == null ? -1.0 : (Integer) what;
            x[4] = how == null ? -1.0 : channels.get(how.toString());
            x[5] = where == null ? -1.0 : code((CharSequence) where);
            x[6] = north == null ? -1_000.0 : (Double) north;
            x[7] = east == null ? -1_000.0 : (Double) east;
            x[8] = row.get(device) == null ? 0.0 : 1.0;
            x[9] = amount % 100 == 0 ? 1.0 : 0.0;
            x[10] = "EUR".contentEquals((CharSequence) row.get(currency)) ? 1.0 : 0.0;
            x[11] = count;
            x[12] = total / 100.0;
            x[13] = total == 0 ? 0.0 : (double) (amount * count) / (double) total;
            x[14] = total == 0 ? 0.0 : (double) amount / (double) total;

            byte[] name = row.get(id).toString().getBytes(StandardCharsets.UTF_8);
            byte[] out = ByteBuffer.allocate(8 + name.length).putDouble(trees.score(x)).put(name).array();
            context.forward(record.withValue(out));
        }

        static double code(CharSequence country) {
            return (country.charAt(0) - 65) * 26 + country.charAt(1) - 65;
        }
    }

    static Properties settings(Map<String, String> given) {
        Properties found = new Properties();
        boolean exactly = given.get("guarantee").equals("exactly-once");
        found.put(StreamsConfig.APPLICATION_ID_CONFIG, given.get("group"));
        found.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given.get("bootstrap"));
        found.put(StreamsConfig.STATE_DIR_CONFIG, given.get("folder"));
        found.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, given.getOrDefault("threads", "2"));
        found.put(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                exactly ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        found.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
        found.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        if (given.containsKey("commit")) found.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, given.get("commit"));
        if (given.get("tuned").equals("latency"))
            found.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), "0");
        return found;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (int at = 0; at + 1 < arguments.length; at += 2) given.put(arguments[at].substring(2), arguments[at + 1]);
        Trees trees = new Trees(new File(given.get("material"), "trees.json"));
        Schema schema = new Schema.Parser().parse(new File(given.get("contract")));
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("cards"), Serdes.ByteArray(), Serdes.ByteArray())
                        .withCachingEnabled());
        builder.stream(given.get("topic"), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .processValues(() -> new Scorer(trees, schema), "cards")
                .to(given.get("out"), Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings(given));
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(java.time.Duration.ofSeconds(10));
            ended.countDown();
        }));
        streams.setUncaughtExceptionHandler(problem -> {
            problem.printStackTrace();
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        ended.await();
    }
}
