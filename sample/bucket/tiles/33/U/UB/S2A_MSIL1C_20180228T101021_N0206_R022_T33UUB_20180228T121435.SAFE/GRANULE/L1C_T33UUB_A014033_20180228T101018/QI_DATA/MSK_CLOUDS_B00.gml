<?xml version="1.0"?>
<!-- A drawn sample has no mask of this kind. -->
<mask/>
