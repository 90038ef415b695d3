-- Tiles and their boxes, degrees; longitudes count on past 180.
CREATE TABLE tile (id INTEGER, name VARCHAR, west DOUBLE, south DOUBLE, east DOUBLE, north DOUBLE)
