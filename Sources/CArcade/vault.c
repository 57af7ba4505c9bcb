/// Storeys, ladders, a key, a door, a patrolling skull, and the way out; our own rules.
///
/// The player moves up and down on ladders only, and falls a row a step where neither floor nor ladder is below. The
/// key is worth 1, opening the door with it 2, the exit 10, which ends the episode; so does the skull, at -1. The skull
/// moves every second step, back and forth. Layout, mirroring, start and the skull's phase are drawn for each episode.
///
/// Planes: 0 player, 1 walls, 2 ladders, 3 key, 4 closed door, 5 skull, 6 where the skull goes next, 7 exit, 8 the
/// player where he holds the key, 9 the skull where it moves in the coming step.
#include "arcade.h"

enum { LAYOUTS = 4, KEY_POINTS = 1, DOOR_POINTS = 2, EXIT_POINTS = 10, SKULL_POINTS = -1, SKULL_INTERVAL = 2 };

/// `#` wall, `H` ladder, `K` key, `D` door, `E` exit, `P` a cell where the player may start. The skull patrols from the
/// first to the last `S`; a ladder within its way is where it can be waited for.
static const char layouts[LAYOUTS][SIZE][SIZE + 1] = {
    {
        "##########",
        "#        #",
        "# K      #",
        "###H######",
        "#  H     #",
        "#  H PPPP#",
        "######H###",
        "#     H  #",
        "#ED SSHSS#",
        "##########",
    },
    {
        "##########",
        "#        #",
        "#ED    H #",
        "#######H##",
        "#      H #",
        "# S    HS#",
        "####H#####",
        "#   H    #",
        "#K  HPPPP#",
        "##########",
    },
    {
        "##########",
        "#    H   #",
        "#  S H SK#",
        "##H#######",
        "# H      #",
        "# H PPPP #",
        "####H# ###",
        "#   H    #",
        "#ED H    #",
        "##########",
    },
    {
        "##########",
        "#        #",
        "#PPPP    #",
        "#####H## #",
        "#    H   #",
        "#K   H   #",
        "#####H####",
        "#    H   #",
        "#  S H SDE",
        "##########",
    },
};

static void place(carcade_vault *game, char cell, int x, int y, uint16_t starts[SIZE]) {
  switch (cell) {
    case '#': game->wall[y] |= (uint16_t)(1u << x); break;
    case 'H': game->ladder[y] |= (uint16_t)(1u << x); break;
    case 'K': game->key_x = (int8_t)x, game->key_y = (int8_t)y; break;
    case 'D': game->door_x = (int8_t)x, game->door_y = (int8_t)y; break;
    case 'E': game->exit_x = (int8_t)x, game->exit_y = (int8_t)y; break;
    case 'P': starts[y] |= (uint16_t)(1u << x); break;
    case 'S':
      game->skull_y = (int8_t)y;
      if (x < game->skull_left) game->skull_left = (int8_t)x;
      if (x > game->skull_right) game->skull_right = (int8_t)x;
      break;
    default: break;
  }
}

/// Where the skull goes at its next move: it turns at the ends of its way.
static int skull_next(const carcade_vault *game) {
  int x = game->skull_x + game->skull_dx;
  return x < game->skull_left || x > game->skull_right ? game->skull_x - game->skull_dx : x;
}

static void move_skull(carcade_vault *game) {
  if (game->skull_timer > 0) {
    game->skull_timer--;
    return;
  }
  int x = skull_next(game);
  game->skull_dx = x > game->skull_x ? 1 : -1;
  game->skull_x = (int8_t)x;
  game->skull_timer = SKULL_INTERVAL - 1;
}

/// Makes a game of nothing but one layout's walls, ladders, places and ways; every second one is mirrored.
static void lay_out(carcade_vault *game, int choice, uint16_t starts[SIZE]) {
  bool mirrored = choice % 2;
  memset(game, 0, sizeof *game);
  game->skull_left = LAST;
  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++) place(game, layouts[choice / 2][y][mirrored ? LAST - x : x], x, y, starts);
}

void vault_begin(carcade_vault *game, arcade_random *random) {
  uint16_t starts[SIZE] = {0};
  lay_out(game, below(random, 2 * LAYOUTS), starts);
  int start_count = 0;
  for (int y = 0; y < SIZE; y++) start_count += __builtin_popcount(starts[y]);
  game->key_lies = game->door_closed = 1;

  int start = below(random, (uint32_t)start_count);
  for (int y = 0; y < SIZE; y++) {
    for (uint32_t bits = starts[y]; bits; bits &= bits - 1) {
      if (start-- != 0) continue;
      game->x = (int8_t)__builtin_ctz(bits);
      game->y = (int8_t)y;
    }
  }
  game->skull_x = game->skull_left;
  game->skull_dx = 1;
  int period = 2 * (game->skull_right - game->skull_left) * SKULL_INTERVAL;
  for (int steps = below(random, (uint32_t)period); steps > 0; steps--) move_skull(game);
}

static bool on_ladder(const carcade_vault *game, int x, int y) { return game->ladder[y] >> x & 1; }

static bool is_wall(const carcade_vault *game, int x, int y) {
  return !inside(x) || !inside(y) || (game->wall[y] >> x & 1);
}

static bool meets_skull(const carcade_vault *game) { return game->x == game->skull_x && game->y == game->skull_y; }

/// Moves the player, and opens the door he walks into with the key.
static void walk(carcade_vault *game, int action, outcome *result) {
  int x = game->x, y = game->y;
  bool falls = !is_wall(game, x, y + 1) && !on_ladder(game, x, y + 1) && !on_ladder(game, x, y);
  if (falls) y++;
  else if (action == CARCADE_LEFT) x--;
  else if (action == CARCADE_RIGHT) x++;
  else if (action == CARCADE_UP && on_ladder(game, x, y)) y--;
  else if (action == CARCADE_DOWN && on_ladder(game, x, y + 1)) y++;
  if (is_wall(game, x, y)) return;
  if (game->door_closed && x == game->door_x && y == game->door_y) {
    if (!game->key_held) return;
    game->key_held = game->door_closed = 0;
    result->points += DOOR_POINTS;
  }
  game->x = (int8_t)x;
  game->y = (int8_t)y;
}

outcome vault_act(carcade_vault *game, int action, bool ramping, arcade_random *random) {
  (void)ramping, (void)random;
  outcome result = {0};
  walk(game, action, &result);
  if (game->key_lies && game->x == game->key_x && game->y == game->key_y) {
    game->key_lies = 0;
    game->key_held = 1;
    result.points += KEY_POINTS;
  }
  // Asked before and after its move, so that the two can't change places.
  bool caught = meets_skull(game);
  move_skull(game);
  caught = caught || meets_skull(game);
  if (caught) {
    result.points += SKULL_POINTS;
    result.ended = true;
  } else if (game->x == game->exit_x && game->y == game->exit_y) {
    result.points += EXIT_POINTS;
    result.ended = result.success = true;
  }
  return result;
}

void vault_draw(const carcade_vault *game, uint8_t *observation) {
  mark(observation, 0, game->y, game->x);
  mark_rows(observation, 1, game->wall);
  mark_rows(observation, 2, game->ladder);
  if (game->key_lies) mark(observation, 3, game->key_y, game->key_x);
  if (game->door_closed) mark(observation, 4, game->door_y, game->door_x);
  mark(observation, 5, game->skull_y, game->skull_x);
  mark(observation, 6, game->skull_y, skull_next(game));
  mark(observation, 7, game->exit_y, game->exit_x);
  if (game->key_held) mark(observation, 8, game->y, game->x);
  if (game->skull_timer == 0) mark(observation, 9, game->skull_y, game->skull_x);
}

/// Whether a game has the walls, ladders, places and ways of a layout.
static bool has_layout(const carcade_vault *game, int choice) {
  uint16_t starts[SIZE] = {0};
  carcade_vault layout, changed = *game;
  lay_out(&layout, choice, starts);
  // All that an episode changes.
  layout.x = changed.x, layout.y = changed.y;
  layout.skull_x = changed.skull_x, layout.skull_dx = changed.skull_dx, layout.skull_timer = changed.skull_timer;
  layout.key_lies = changed.key_lies, layout.key_held = changed.key_held, layout.door_closed = changed.door_closed;
  return memcmp(layout.wall, changed.wall, sizeof layout.wall) == 0
         && memcmp(layout.ladder, changed.ladder, sizeof layout.ladder) == 0
         && memcmp(&layout.x, &changed.x, sizeof layout - offsetof(carcade_vault, x)) == 0;
}

bool vault_is_possible(const carcade_vault *game) {
  bool known = false;
  for (int choice = 0; choice < 2 * LAYOUTS; choice++) known = known || has_layout(game, choice);
  // The key lies, then is held, then has opened the door.
  bool lies = game->key_lies == 1 && game->key_held == 0 && game->door_closed == 1;
  bool held = game->key_lies == 0 && game->key_held == 1 && game->door_closed == 1;
  bool used = game->key_lies == 0 && game->key_held == 0 && game->door_closed == 0;
  return known && (lies || held || used) && !is_wall(game, game->x, game->y)
         && within(game->skull_x, game->skull_left, game->skull_right) && abs(game->skull_dx) == 1
         && within(game->skull_timer, 0, SKULL_INTERVAL - 1);
}
