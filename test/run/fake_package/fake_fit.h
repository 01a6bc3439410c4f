// What mcuformc writes before anything is proved has more; mcuform-run replaces it.
#define FAKE_ARENA_LIMIT_BYTES 1048576
#define FAKE_SRAM_LIMIT_BYTES 1048576
#define FAKE_FLASH_LIMIT_BYTES 17825792
